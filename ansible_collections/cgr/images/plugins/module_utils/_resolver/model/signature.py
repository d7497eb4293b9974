# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The signature that was verified for a digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping

from .instant import Instant

LEGACY, BUNDLE = "legacy", "bundle"


@dataclass(frozen=True)
class Signature:
    """Who signed a digest, and when.

    Attributes:
        by: the identity in the certificate, exactly as `signers` allows it.
        issuer: the issuer of that identity.
        logged: when the transparency log recorded the signature; `None` if the log gives no time.
        kind: where the signature is: `bundle` for a Sigstore bundle, `legacy` for the tag `sha256-….sig`.
    """

    by: str
    issuer: str
    logged: Instant | None
    kind: str

    @property
    def sentence(self) -> str:
        """The end of a reason that says it."""
        return f"signed by {self.by}" + (f", logged at {self.logged}" if self.logged else "")

    def to_dict(self) -> dict[str, Any]:
        """Returns it as JSON data; `from_dict` reads it."""
        logged = str(self.logged) if self.logged else None
        return {"by": self.by, "issuer": self.issuer, "logged": logged, "kind": self.kind}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Signature:
        """Reads what `to_dict` returned.

        Raises:
            ValueError, KeyError, TypeError: it is something else.
        """
        by, issuer, kind, logged = data["by"], data["issuer"], data["kind"], data.get("logged")
        if kind not in (LEGACY, BUNDLE) or not (isinstance(by, str) and isinstance(issuer, str) and by and issuer):
            raise ValueError("is not a signature")
        return cls(by, issuer, Instant.parse(logged) if logged else None, kind)
