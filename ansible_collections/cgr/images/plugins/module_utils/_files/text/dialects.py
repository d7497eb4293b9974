# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The kinds of text that are read line by line, and what each has of its own."""

from __future__ import annotations

import re

from ..tree.kinds import SOPS
from .images import Dialect

AUTO_UPDATE = "podman auto-update keeps it up to date (AutoUpdate=registry), which refuses images with a digest"

_AUTO_UPDATE = re.compile(r"^\s*AutoUpdate\s*=\s*(?:registry|image)\s*$", re.MULTILINE)

_SOPS = re.compile(r"^sops_mac=", re.MULTILINE)

SCRIPT = Dialect()
"""Makefiles and shell scripts: a comment begins with `#`."""

ENVIRONMENT = Dialect(skipped=lambda text: SOPS if _SOPS.search(text) else "")
"""`.env` files, which SOPS can encrypt."""

# https://docs.earthly.dev/docs/earthfile: FROM is that of a Dockerfile.
EARTHFILE = Dialect(latest=re.compile(r"^\s*FROM\s+(?:--\S+\s+)*$"))

# podman-systemd.unit(5): comments begin a line; Image= is what `podman pull` takes.
QUADLET = Dialect(
    comment=re.compile(r"^\s*[#;]"),
    latest=re.compile(r"^\s*Image\s*=\s*(?:docker://)?$"),
    skipped=lambda text: AUTO_UPDATE if _AUTO_UPDATE.search(text) else "",
)

GROOVY = Dialect(comment=re.compile(r"(?:^|\s)//"))
"""Jenkinsfiles."""
