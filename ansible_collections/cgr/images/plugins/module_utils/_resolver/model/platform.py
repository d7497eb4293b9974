# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Platforms: an operating system, an architecture and a variant, in the one form that containerd gives them.

Source: containerd's package `platforms` (`normalizeOS`, `normalizeArch`).  The names that kernels give to their architecture
(`uname -m`, Ansible's fact `architecture`) mean the same as those of images.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import InvalidRule
from ..redaction import redact

SYSTEMS = ("linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "solaris", "wasip1")
_SYSTEM_NAMES = {"macos": "darwin"}
_ARCHITECTURES = {
    "amd64": ("amd64", "v1"),
    "x86_64": ("amd64", "v1"),
    "x86-64": ("amd64", "v1"),
    "x64": ("amd64", "v1"),
    "386": ("386", ""),
    "i386": ("386", ""),
    "i486": ("386", ""),
    "i586": ("386", ""),
    "i686": ("386", ""),
    "arm64": ("arm64", "v8"),
    "aarch64": ("arm64", "v8"),
    "arm": ("arm", "v7"),
    "armhf": ("arm", "v7"),
    "armv7l": ("arm", "v7"),
    "armv7hl": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "armv6l": ("arm", "v6"),
    "armv5l": ("arm", "v5"),
    "armv5tel": ("arm", "v5"),
    "loongarch64": ("loong64", ""),
    "loong64": ("loong64", ""),
    "mips64le": ("mips64le", ""),
    "ppc64le": ("ppc64le", ""),
    "riscv64": ("riscv64", ""),
    "s390x": ("s390x", ""),
    "wasm": ("wasm", ""),
}
_WORD = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_IMPLIED = {"amd64": "v1", "arm64": "v8"}
"""The variants that containerd leaves out."""


@dataclass(frozen=True)
class Platform:
    """A platform in its normal form; `str()` writes it like `linux/arm/v7`."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    @classmethod
    def of(cls, os: str, architecture: str, variant: str = "") -> Platform:
        """Makes the normal form of a platform, whose parts may be any words."""
        os, architecture, variant = os.lower(), architecture.lower(), variant.lower()
        architecture, implied = _ARCHITECTURES.get(architecture, (architecture, ""))
        variant = f"v{variant}" if variant.isdigit() else variant or implied
        return cls(_SYSTEM_NAMES.get(os, os), architecture, "" if _IMPLIED.get(architecture) == variant else variant)

    @classmethod
    def parse(cls, text: object, name: str = "platform") -> Platform:
        """Parses a platform as a user writes it.

        Args:
            text: `linux/arm64`, `linux/arm/v7`, or only an architecture, which means that of Linux: `arm64`, `x86_64`.
            name: the name of the argument, for the error.

        Raises:
            InvalidRule: it is malformed, or an architecture that is not known.
        """
        parts = text.strip().lower().split("/") if isinstance(text, str) else []
        if len(parts) == 1 and parts[0] in _ARCHITECTURES:
            parts = ["linux", *parts]
        is_known = len(parts) in (2, 3) and _SYSTEM_NAMES.get(parts[0], parts[0]) in SYSTEMS
        if not is_known or not all(map(_WORD.fullmatch, parts)) or parts[1] in SYSTEMS:
            raise InvalidRule(
                f"{name} {redact(text)} is not a platform; write it like linux/amd64, linux/arm64 or linux/arm/v7.",
                name,
            )
        return cls.of(*parts)
