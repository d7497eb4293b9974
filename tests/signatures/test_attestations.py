# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`signed` with differences between builds: only packages that a permitted signer attests are shown, and called verified."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr.changes import Difference, Pair, compare_builds, compare_pairs, list_changes
from pulumi_cgr.resolver import InvalidArgument, MissingDependency, NotSigned, RegistryUnavailable, SignatureRefused
from pulumi_cgr.testing import Reply

from ..support.signature_cases import IDENTITY
from ..support.signed_images import IMAGE, MOVED, SignedImages
from ..support.sigstore import Sigstore
from .test_cases import LOOSENING

ONE, TWO = {"curl": "8.21.0-r1"}, {"curl": "8.21.0-r2"}
UPDATED = {"curl": ("8.21.0-r1", "8.21.0-r2")}
STRANGER = "https://github.com/stranger/images/.github/workflows/release.yaml@refs/heads/main"
FORMS = ("bundle", "dsse", "intoto")
VERIFIERS = ("cosign", "independent verifier")


@pytest.fixture(params=VERIFIERS)
def program(request: pytest.FixtureRequest, images: SignedImages) -> str:
    """The program that verifies."""
    if request.param != "cosign":
        return str(images.home / "bin/cosign")
    found = shutil.which("cosign")
    if found is None:
        pytest.skip("cosign is not on PATH: the independent verifier takes its place")
    return found


def compared(images: SignedImages, old: str, new: str, signed: bool | None = True, **settings: Any) -> Difference:
    return compare_builds(images.resolver(**settings), IMAGE, old, new, signed=signed)


@pytest.mark.parametrize("form", FORMS)
def test_packages_that_the_publisher_signed_are_verified(images: SignedImages, program: str, form: str) -> None:
    old, new = images.publish(ONE, form=form), images.publish(TWO, form=form)

    found = compared(images, old, new, cosign=program)

    assert found.packages
    assert (found.packages.updated, found.is_verified, found.warnings) == (UPDATED, True, ())
    assert found.source == f"verified, by {IDENTITY}"
    assert found.to_dict()["verified"] is True


def _tampered(document: dict[str, Any], _annotations: dict[str, str]) -> None:
    envelope = document.get("dsseEnvelope", document)
    said = base64.b64decode(envelope["payload"]).replace(b"curl=8.21.0-r2", b"curl=8.21.0-r9")
    envelope["payload"] = base64.b64encode(said).decode()


def _unlogged(document: dict[str, Any], annotations: dict[str, str]) -> None:
    annotations.pop("dev.sigstore.cosign/bundle", None)
    if "verificationMaterial" in document:
        document["verificationMaterial"]["tlogEntries"] = []


def _without_certificate(document: dict[str, Any], annotations: dict[str, str]) -> None:
    annotations.pop("dev.sigstore.cosign/certificate", None)
    document.get("verificationMaterial", {}).pop("certificate", None)


def _without_signature(document: dict[str, Any], _annotations: dict[str, str]) -> None:
    document.get("dsseEnvelope", document)["signatures"] = []


def _with_another_signature(document: dict[str, Any], _annotations: dict[str, str]) -> None:
    signature = document.get("dsseEnvelope", document)["signatures"][0]
    content = bytearray(base64.b64decode(signature["sig"]))
    content[-1] ^= 1
    signature["sig"] = base64.b64encode(bytes(content)).decode()


BAD: dict[str, dict[str, Any]] = {
    "another identity": {"by": STRANGER},
    "a certificate that is in no log": {"with_sct": False},
    "another subject": {"about": "sha256:" + 64 * "9"},
    "tampered": {"change": _tampered},
    "unlogged": {"change": _unlogged},
    "without a certificate": {"change": _without_certificate},
    "without a signature": {"change": _without_signature},
    "with another signature": {"change": _with_another_signature},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bad", BAD)
def test_what_the_publisher_did_not_sign_is_refused(images: SignedImages, program: str, bad: str, form: str) -> None:
    old, new = images.publish(ONE), images.publish(TWO, form=form, **BAD[bad])

    with pytest.raises(SignatureRefused) as refused:
        compared(images, old, new, cosign=program)

    assert images.child(new) in refused.value.message
    assert not compared(images, old, new, signed=False).is_verified
    if bad == "another identity":
        assert f"is not signed by {IDENTITY}" in refused.value.message
        assert f"its certificate names '{STRANGER}'" in refused.value.message


@pytest.mark.parametrize("form", FORMS)
def test_the_environment_does_not_loosen_a_check(images: SignedImages, program: str, form: str) -> None:
    old, new = images.publish(ONE), images.publish(TWO, form=form, with_sct=False)
    images.environ.update(LOOSENING)

    with pytest.raises(SignatureRefused):
        compared(images, old, new, cosign=program)


def test_somebody_of_another_sigstore_is_refused(
    images: SignedImages, program: str, sigstore: Sigstore, stranger: Sigstore
) -> None:
    old = images.publish(ONE)
    images.sigstore = stranger
    new = images.publish(TWO)

    with pytest.raises(SignatureRefused):
        compared(images, old, new, cosign=program)


def test_an_attestation_of_a_stranger_hides_none_and_contradicts_none(images: SignedImages) -> None:
    old, new = images.publish(ONE), images.publish(TWO, by=STRANGER)
    images.attest_packages(images.child(new), TWO, form="dsse")
    images.attest_packages(images.child(old), {"evil": "1-r0"}, by=STRANGER, form="dsse")

    found = compared(images, old, new)

    assert found.packages
    assert (found.packages.updated, found.is_verified) == (UPDATED, True)


def test_the_signature_of_an_image_is_not_that_of_its_packages(images: SignedImages) -> None:
    old, new = images.publish(ONE), images.push(updated_at=MOVED + 10**9)
    images.sign(images.child(new))

    with pytest.raises(NotSigned, match="has no attestation of its packages"):
        compared(images, old, new)
    assert "has no attestation of its packages" in compared(images, old, new, signed=False).warnings[0]


def test_without_signed_nothing_is_verified_and_with_the_setting_everything_is(images: SignedImages) -> None:
    old, new = images.publish(ONE), images.publish(TWO)
    plain = compared(images, old, new, signed=None, cosign="/nowhere")

    assert (plain.is_verified, plain.source) == (False, "as published, not verified")
    images.environ["CGR_SIGNED"] = "true"
    assert compared(images, old, new, signed=None).is_verified


def test_what_was_verified_is_kept(images: SignedImages, tmp_path: Path) -> None:
    old, new = images.publish(ONE), images.publish(TWO)
    compared(images, old, new, cache=str(tmp_path / "kept"))
    (images.home / "bin/cosign").write_text("#!/bin/sh\nexit 1\n")

    assert compared(images, old, new, cache=str(tmp_path / "kept")).is_verified


def test_what_was_verified_says_nothing_about_another_attestation(images: SignedImages) -> None:
    old, new = images.publish(ONE), images.publish(TWO)
    resolver = images.resolver()
    assert compare_builds(resolver, IMAGE, old, new, signed=True).is_verified
    images.attest_packages(images.child(new), {"evil": "1-r0"}, by=STRANGER, form="dsse")

    found = compare_builds(resolver, IMAGE, old, new, signed=True)

    assert found.packages
    assert found.packages.updated == UPDATED


def test_a_missing_program_and_a_malformed_argument_are_errors(images: SignedImages) -> None:
    old, new = images.publish(ONE), images.publish(TWO)

    with pytest.raises(MissingDependency):
        compared(images, old, new, cosign="/nowhere/cosign")
    with pytest.raises(InvalidArgument, match="neither true nor false"):
        compared(images, old, new, signed="perhaps")  # type: ignore[arg-type]


def test_a_registry_that_does_not_answer_is_not_an_image_without_attestations(images: SignedImages) -> None:
    old, new = images.publish(ONE), images.publish(TWO)
    images.registry.interfere = lambda request: Reply(503) if "/referrers/" in request.path else None

    with pytest.raises(RegistryUnavailable):
        compared(images, old, new, timeout=1)


def test_a_pin_is_not_lost_to_its_difference(images: SignedImages) -> None:
    old, new = images.publish(ONE), images.publish(TWO, by=STRANGER)

    (found,) = compare_pairs(images.resolver(), [Pair(IMAGE, old, new, signed=True)])

    assert (found.packages, found.is_verified) == (None, False)
    assert found.old.size
    (warning,) = found.warnings
    assert warning.startswith("the packages are not verified, and not shown: ")
    assert STRANGER in warning


def test_moves_are_listed_though_their_packages_are_refused(images: SignedImages) -> None:
    old, new = images.publish(ONE), images.publish(TWO, by=STRANGER)

    found = list_changes(images.resolver(), {IMAGE: []}, "2026-01-31T12:30:00Z", signed=True)

    (moved,) = found.images
    assert (moved.old and moved.old.digest, moved.new and moved.new.digest) == (old, new)
    assert moved.to_dict()["verified"] is False
    assert moved.difference is None
    assert STRANGER in found.failed[IMAGE]
