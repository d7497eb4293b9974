# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Verifying that a digest is signed by somebody who may sign it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Protocol

from ..errors import InvalidArgument, NotSigned, SignatureRefused
from ..model.attestation import Attestation
from ..model.reference import Reference
from ..model.signature import BUNDLE, LEGACY, Signature
from ..model.signers import Signer, Signers
from ..redaction import redact
from ..registry.content import Content
from .candidates import Candidate, Unusable, from_bundle, from_envelope
from .certificate import Named
from .places import find_candidates
from .trusted_root import TrustedRoots

MOST_REASONS = 5
NAMES = {BUNDLE: "a bundle", LEGACY: "a signature of the tag sha256-….sig"}


WithContent = Callable[[Callable[[Content], Signature]], Signature]
"""Calls a function with the content of the image's repository, and returns what it returns."""


class Checker(Protocol):
    """Does the cryptography; see `Cosign`."""

    def reason_against(self, candidate: Candidate, digest: str, named: Named, root: bytes) -> str | None:
        """Returns why a candidate is not a valid signature by somebody; `None` if it is one."""


class Verified(Protocol):
    """Signatures that were verified before."""

    def get_or_verify(self, key: Mapping[str, Any], verify: Callable[[], Signature]) -> Signature:
        """Returns the signature that is kept for a key, or verifies one and keeps it."""


@dataclass(eq=False, repr=False)
class SignatureVerifier:
    """Verifies signatures.  Threads may share it.

    Attributes:
        signers: who may sign which images.
        roots: the trusted root.
        checker: does the cryptography.
        verified: what was verified before.
    """

    signers: Signers
    roots: TrustedRoots
    checker: Checker
    verified: Verified

    def settings_for(self, reference: Reference) -> dict[str, Any]:
        """Returns the settings that decide about the signatures of an image, as JSON data."""
        signer = self.signers.of_repository(reference.upstream)
        return {"signer": signer.to_dict() if signer else None, "trusted_root": self.roots.path}

    def verify(self, reference: Reference, digest: str, with_content: WithContent) -> Signature:
        """Returns the first valid signature of a digest by a permitted signer.

        Args:
            reference: the image.
            digest: the digest of its index.
            with_content: opens the repository; called only if nothing is kept.

        Raises:
            InvalidArgument: `signers` has no signer for the image, or `trusted_root` is not valid.
            NotSigned: the registry has no signature.
            SignatureRefused: no signature is valid and of a permitted signer.
            MissingDependency: cosign is missing.
            CgrError: what `with_content` raises.
        """
        signer = self._signer_of(reference, digest)
        root = self.roots.get()
        key = {"digest": digest, "repository": reference.upstream, "signer": signer.to_dict(), "root": root.digest}

        def verify() -> Signature:
            return with_content(lambda content: self._verify(signer, digest, root.content, content))

        return self.verified.get_or_verify(key, verify)

    def verify_attestation(self, reference: Reference, attestation: Attestation) -> Signature:
        """Returns the valid signature of an attestation by a permitted signer.

        Args:
            reference: the image.
            attestation: what the registry has.

        Raises:
            InvalidArgument, MissingDependency, RegistryUnavailable: as `verify`.
            SignatureRefused: it is not valid, or of another signer; the message is a predicate, "is not signed by …".
        """
        signer = self._signer_of(reference, attestation.subject)
        root = self.roots.get()
        asked = {"digest": attestation.subject, "repository": reference.upstream, "signer": signer.to_dict()}
        key = {**asked, "root": root.digest, "attestation": _digest_of(attestation)}

        def verify() -> Signature:
            try:
                candidate = _candidate(attestation)
            except Unusable as why:
                raise _unsigned(signer, str(why)) from None
            signature, reason = self._judge(signer, candidate, attestation.subject, root.content)
            if signature is None:
                raise _unsigned(signer, reason)
            return signature

        return self.verified.get_or_verify(key, verify)

    def _signer_of(self, reference: Reference, digest: str) -> Signer:
        signer = self.signers.of_repository(reference.upstream)
        if signer is None:
            raise InvalidArgument(
                f"signed: nobody is known who may sign {reference.upstream}. Add them to 'signers'; for an organisation of"
                " Chainguard, chainctl iam account-associations describe ORG -o json names the identities of CATALOG_SYNCER and"
                " APKO_BUILDER.",
                "signers",
            )
        if not digest.startswith("sha256:"):
            raise SignatureRefused(f"only signatures of sha256 digests can be verified, not of {digest}.")
        return signer

    def _verify(self, signer: Signer, digest: str, root: bytes, content: Content) -> Signature:
        reasons: list[str] = []
        for found in find_candidates(content, digest):
            if isinstance(found.candidate, Unusable):
                reasons.append(f"{NAMES[found.kind]}: {found.candidate}")
                continue
            signature, reason = self._judge(signer, found.candidate, digest, root)
            if signature:
                return signature
            reasons.append(f"{NAMES[found.kind]}: {reason}")
        if not reasons:
            raise NotSigned(
                f"the registry has no signature of {digest}: no bundle, and no tag {digest.replace(':', '-')}.sig. Choose"
                " another build, or ask whoever publishes the image."
            )
        raise SignatureRefused(_refusal(signer, digest, list(dict.fromkeys(reasons))))

    def _judge(self, signer: Signer, candidate: Candidate, digest: str, root: bytes) -> tuple[Signature | None, str]:
        """Returns the signature, or why the candidate is refused."""
        named = candidate.named
        permitted = [Named(identity, signer.issuer) for identity in signer.identities]
        if named and named not in permitted:
            return None, f"its certificate names {redact(named.identity)}, issuer {redact(named.issuer)}"
        reason = ""
        for each in [named] if named else permitted:
            why = self.checker.reason_against(candidate, digest, each, root)
            if why is None:
                return Signature(each.identity, each.issuer, candidate.logged, candidate.kind), ""
            reason = why
        return None, reason


def _candidate(attestation: Attestation) -> Candidate:
    if attestation.is_bundle:
        return from_bundle(attestation.document, attestation.subject, attestation.predicate_type)
    return from_envelope(attestation.document, attestation.annotations, attestation.subject, attestation.predicate_type)


def _digest_of(attestation: Attestation) -> str:
    """Returns a digest of all that decides about an attestation."""
    annotations = json.dumps(dict(attestation.annotations), sort_keys=True).encode()
    return hashlib.sha256(b"%d %s%s" % (len(annotations), annotations, attestation.document)).hexdigest()


def _unsigned(signer: Signer, reason: str) -> SignatureRefused:
    permitted = " or ".join(signer.identities)
    return SignatureRefused(f"is not signed by {permitted}, issuer {signer.issuer}: {reason}")


def _refusal(signer: Signer, digest: str, reasons: list[str]) -> str:
    listed = "; ".join(reasons[:MOST_REASONS])
    more = f"; and {len(reasons) - MOST_REASONS} more" if len(reasons) > MOST_REASONS else ""
    permitted = " or ".join(signer.identities)
    return (
        f"no signature of {digest} is valid and by {permitted}, issuer {signer.issuer}. Refused: {listed}{more}. If you trust"
        " another signer, add it to 'signers'; otherwise do not deploy the image."
    )
