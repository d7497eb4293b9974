# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Images in a registry for tests, signed by a private Sigstore, and a user's machine that trusts it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_cgr.resolver import Instant, Resolver
from pulumi_cgr.testing import Registry

from .attestations import ENVELOPE, IMAGE_CONFIGURATION, child_of, configuration
from .signature_cases import IDENTITY, ISSUER
from .sigstore import BUNDLE, SIGN, SPDX, Sigstore, payload, statement
from .stand_in import make_stand_in

NAME = "chainguard/web"
IMAGE = f"cgr.dev/{NAME}:1"
MOVED = Instant.parse("2026-01-31T12:30:00Z")
PAYLOAD_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
TOKEN = "the-secret-token"


@dataclass
class SignedImages:
    """A registry, and a machine that asks it.

    Attributes:
        home: the home of the user.
        sigstore: who is trusted.
        registry: the registry.
    """

    home: Path
    sigstore: Sigstore
    registry: Registry
    environ: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, home: Path, sigstore: Sigstore) -> SignedImages:
        """Prepares the machine; its registry is not started yet."""
        images = cls(home, sigstore, Registry({}, tokens=[TOKEN]))
        images.root.write_text(json.dumps(sigstore.trusted_root()))
        (home / "bin").mkdir()
        make_stand_in(home / "bin")
        return images

    @property
    def root(self) -> Path:
        """The file with the trusted root."""
        return self.home / "trusted_root.json"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of programs on this machine."""
        environ = {
            "HOME": str(self.home),
            "PATH": f"{self.home}/bin:/usr/bin:/bin",
            "CGR_REGISTRY": self.registry.url,
            "CGR_TRUSTED_ROOT": str(self.root),
        }
        return {**environ, **self.environ}

    def resolver(self, **settings: Any) -> Resolver:
        return Resolver(environment=self.environment, **settings)

    def push(self, name: str = NAME, tag: str = "1", updated_at: Instant = MOVED) -> str:
        """Pushes an image and moves a tag to it; returns the digest of its index."""
        digest = self.registry.contents.push_index(name, annotations={"unique": f"{tag} {updated_at}"})
        self.registry.move(f"{name}:{tag}", digest, updated_at)
        return digest

    def sign_legacy(
        self, digest: str, *, name: str = NAME, by: str = IDENTITY, issuer: str = ISSUER, about: str | None = None
    ) -> None:
        """Signs a digest as `cosign sign` did before version 3: the tag `sha256-….sig`."""
        content = payload(about or digest)
        annotations = self.sigstore.legacy(self.sigstore.signer(by, issuer), content)
        tag = f"{digest.replace(':', '-')}.sig"
        self.registry.contents.push_tagged(name, tag, [(PAYLOAD_TYPE, content, annotations)])

    def sign(
        self, digest: str, *, name: str = NAME, by: str = IDENTITY, issuer: str = ISSUER, about: str | None = None
    ) -> None:
        """Signs a digest as `cosign sign` does since version 3: a bundle that refers to it."""
        self._attach(
            digest, name, self.sigstore.bundle(self.sigstore.signer(by, issuer), statement(about or digest)), SIGN
        )

    def attest(self, digest: str, *, name: str = NAME, by: str = IDENTITY, issuer: str = ISSUER) -> None:
        """Attaches an SPDX document, signed as attestations are."""
        signer = self.sigstore.signer(by, issuer)
        self._attach(digest, name, self.sigstore.bundle(signer, statement(digest, SPDX, {"packages": []})), SPDX)

    def publish(self, packages: Mapping[str, str], **attested: Any) -> str:
        """Pushes a build that has some packages, signed as `attest_packages` says; returns the digest of its index."""
        updated_at = MOVED + len(self.registry.histories.moves(f"{NAME}:1")) * 10**9
        digest = self.push(updated_at=updated_at)
        self.attest_packages(self.child(digest), packages, **attested)
        return digest

    def child(self, digest: str) -> str:
        """Returns the digest of the image for linux/amd64 in an index."""
        return child_of(self.registry, NAME, digest)

    def attest_packages(
        self,
        image: str,
        packages: Mapping[str, str],
        *,
        by: str = IDENTITY,
        form: str = "bundle",
        with_sct: bool = True,
        about: str | None = None,
        change: Callable[[dict[str, Any], dict[str, str]], Any] = lambda _document, _annotations: None,
    ) -> None:
        """Attests the packages of an image for one platform.

        Args:
            image: the digest of the image.
            packages: their versions, by name.
            by: who signs it.
            form: `bundle`, or `dsse` or `intoto` for a layer of the tag `sha256-….att` with such a log entry.
            with_sct: whether its certificate is in the certificate log.
            about: the digest that the statement is about, if it is another one.
            change: changes what is published, after it was signed: the document, and the annotations of its layer.
        """
        signer = self.sigstore.signer(by, ISSUER, with_sct=with_sct)
        said = statement(about or image, IMAGE_CONFIGURATION, configuration(packages))
        if form == "bundle":
            bundle = self.sigstore.bundle(signer, said)
            change(bundle, {})
            self._attach(image, NAME, bundle, IMAGE_CONFIGURATION)
            return
        envelope, annotations = self.sigstore.envelope(signer, said, kind=form)
        change(envelope, annotations)
        layer = (ENVELOPE, json.dumps(envelope).encode(), {"predicateType": IMAGE_CONFIGURATION, **annotations})
        self.registry.contents.push_tagged(NAME, f"{image.replace(':', '-')}.att", [layer])

    def _attach(self, digest: str, name: str, bundle: Any, predicate_type: str) -> None:
        annotations = {
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": predicate_type,
        }
        self.registry.contents.attach(name, digest, BUNDLE, [(BUNDLE, json.dumps(bundle).encode())], annotations)

    def paths(self) -> list[str]:
        """Returns what the registry was asked for, without the history and the token."""
        asked = [request.path for request in self.registry.requests]
        return [path for path in asked if path != "/token" and "/_chainguard/" not in path]
