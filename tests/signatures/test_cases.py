# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""cosign and the independent verifier agree about each case, and the resolver takes a case if and only if it is good."""

from __future__ import annotations

import json

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.signature.candidates import Candidate, Unusable
from ansible_collections.cgr.images.plugins.module_utils._resolver.signature.certificate import Named
from ansible_collections.cgr.images.plugins.module_utils._resolver.signature.cosign import Cosign

from ..support.signature_cases import CASES, DIGEST, IDENTITY, ISSUER, Case, case
from ..support.sigstore import SIGNED_AT, Sigstore

SIGNER = Named(IDENTITY, ISSUER)
LOOSENING = {
    "COSIGN_INSECURE_IGNORE_SCT": "true",
    "COSIGN_INSECURE_IGNORE_TLOG": "true",
    "COSIGN_PRIVATE_INFRASTRUCTURE": "true",
    "COSIGN_EXPERIMENTAL": "1",
    "SIGSTORE_NO_CACHE": "true",
    "TUF_ROOT": "/nowhere",
}


def verdict(made: Case, cosign: Cosign, root: bytes) -> str | None:
    """Returns why a case is refused."""
    found = made.candidate
    return str(found) if isinstance(found, Unusable) else cosign.reason_against(found, DIGEST, SIGNER, root)


@pytest.mark.parametrize("name", CASES)
def test_a_case(name: str, cosign: Cosign, sigstore: Sigstore, stranger: Sigstore, root: bytes) -> None:
    made = case(name, sigstore, stranger)

    reason = verdict(made, cosign, root)

    assert (reason is None) == made.is_good, reason


@pytest.mark.parametrize("name", ["bundle, no SCT", "bundle, unlogged", "legacy, no SCT", "legacy, unlogged"])
def test_the_environment_does_not_loosen_a_check(
    name: str, cosign: Cosign, sigstore: Sigstore, stranger: Sigstore, root: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in LOOSENING.items():
        monkeypatch.setenv(variable, value)
    loose = Cosign(cosign._program, {**cosign._environment, **LOOSENING}, 60)

    assert verdict(case(name, sigstore, stranger), loose, root)


@pytest.mark.parametrize("kind", ["bundle", "legacy"])
def test_a_candidate_says_who_signed_and_when(kind: str, sigstore: Sigstore, stranger: Sigstore) -> None:
    found = case(kind, sigstore, stranger).candidate

    assert isinstance(found, Candidate)
    assert (found.kind, found.named) == (kind, SIGNER)
    assert str(found.logged) == SIGNED_AT.strftime("%Y-%m-%dT%H:%M:05Z")


def test_the_chain_that_comes_with_a_signature_is_not_passed_on(sigstore: Sigstore, stranger: Sigstore) -> None:
    found = case("legacy", sigstore, stranger).candidate

    assert isinstance(found, Candidate)
    material = json.loads(found.bundle)["verificationMaterial"]
    assert len(material["x509CertificateChain"]["certificates"]) == 1
