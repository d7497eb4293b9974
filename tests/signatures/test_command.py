# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`signed` with the command: resolving, locking, checking and verifying."""

from __future__ import annotations

import json
import time

import pytest

from pulumi_cgr._bridge import DAY
from pulumi_cgr.resolver import Instant

from ..cli.command import Command
from ..support.signature_cases import IDENTITY, ISSUER
from ..support.signed_images import IMAGE, MOVED, NAME, SignedImages

SIGNED = {"by": IDENTITY, "issuer": ISSUER, "logged": "2026-01-31T12:00:05Z", "kind": "bundle"}
STRANGER = "https://github.com/stranger/images/.github/workflows/release.yaml@refs/heads/main"


@pytest.fixture
def cgr(images: SignedImages) -> Command:
    return Command(images.home, images.registry.url, images.environment)


def test_resolve_says_who_signed(cgr: Command, images: SignedImages) -> None:
    digest = images.push()
    images.sign(digest)

    (found,) = cgr("resolve", IMAGE, "--signed", "--json").json["images"]

    assert (found["digest"], found["signed"]) == (digest, SIGNED)
    assert "signed" not in cgr("resolve", IMAGE, "--json").json["images"][0]


def test_an_error_says_who_signed_instead(cgr: Command, images: SignedImages) -> None:
    images.sign(images.push(), by=STRANGER)

    done = cgr("resolve", IMAGE, "--signed", "--json")

    assert (done.status, done.json["error"]["error_code"]) == (1, "signature_refused")
    assert STRANGER in done.err


def test_a_lock_holds_who_signed_and_answers_without_a_network(cgr: Command, images: SignedImages) -> None:
    digest = images.push()
    images.sign(digest)
    assert cgr("lock", IMAGE, "--signed").status == 0
    content = json.loads((images.home / "cgr.lock.json").read_text())
    (entry,) = content["images"]
    assert (content["version"], entry["rule"], entry["signed"]) == (2, {"signed": True}, SIGNED)
    images.registry.requests.clear()

    (found,) = cgr("resolve", IMAGE, "--signed", "--lock", "cgr.lock.json", "--json").json["images"]

    assert (found["digest"], found["signed"], images.registry.requests) == (digest, SIGNED, [])
    assert found["reason"].endswith(f"; signed by {IDENTITY}, logged at 2026-01-31T12:00:05Z")


def test_without_signed_a_lock_is_as_before(cgr: Command, images: SignedImages) -> None:
    images.sign(images.push())
    cgr("lock", IMAGE)

    content = json.loads((images.home / "cgr.lock.json").read_text())

    assert content["version"] == 1
    assert "signed" not in json.dumps(content)
    assert images.paths() == []


def test_an_image_that_is_not_signed_is_not_locked(cgr: Command, images: SignedImages) -> None:
    images.sign(images.push())
    cgr("lock", IMAGE, "--signed")
    before = (images.home / "cgr.lock.json").read_bytes()
    images.push(updated_at=MOVED + 10**9)

    done = cgr("lock", "--upgrade")

    assert (done.status, (images.home / "cgr.lock.json").read_bytes()) == (1, before)
    assert "the registry has no signature of" in done.err


def test_a_file_is_not_pinned_to_a_build_that_is_not_signed(cgr: Command, images: SignedImages) -> None:
    digest = images.push()
    file = images.home / "web.yaml"
    file.write_text(f"image: {IMAGE}\n")
    assert cgr("pin", "web.yaml", "--signed").status == 2
    assert file.read_text() == f"image: {IMAGE}\n"
    images.sign(digest)

    assert cgr("pin", "web.yaml", "--signed").status == 0
    assert file.read_text() == f"image: {IMAGE}@{digest}\n"


def test_an_older_build_that_is_signed_can_be_taken(cgr: Command, images: SignedImages) -> None:
    older = images.push()
    images.sign(older)
    newer = images.push(updated_at=MOVED + 10**9)

    (found,) = cgr("resolve", IMAGE, "--signed", "--on-denied", "older", "--json").json["images"]

    assert found["digest"] == older
    assert f"newer, but not used: {newer}, it is not signed" in found["reason"]


def test_check_signed_finds_pins_that_are_not_signed(cgr: Command, images: SignedImages) -> None:
    images.sign(images.push())
    images.push("chainguard/other")
    cgr("lock", IMAGE, "cgr.dev/chainguard/other:1")

    done = cgr("check", "--signed", "--json")

    (finding,) = done.json["findings"]
    assert (done.status, finding["kind"], finding["image"]) == (1, "not_signed", "cgr.dev/chainguard/other:1")
    assert cgr("check").status == 0
    images.registry.stop()
    assert cgr("check", "--signed").status == 2


def test_verify_prints_who_signed_each(cgr: Command, images: SignedImages) -> None:
    refs = [f"{IMAGE}@{images.push()}", f"cgr.dev/chainguard/other:1@{images.push('chainguard/other')}"]
    images.sign(refs[0].partition("@")[2])

    good, both = cgr("verify", refs[0], "--json"), cgr("verify", *refs)

    assert good.json == {"images": [{"ref": refs[0], "signed": SIGNED}]}
    assert both.status == 1
    assert both.out == f"{refs[0]}: signed by {IDENTITY}, logged at 2026-01-31T12:00:05Z\n"
    assert f"{refs[1]}: the registry has no signature of" in both.err


def test_verify_takes_images_with_digests_only(cgr: Command) -> None:
    done = cgr("verify", IMAGE)

    assert done.status == 2
    assert f"{IMAGE}: it has no digest to verify: write {IMAGE}@sha256:…" in done.err


def test_the_setting_and_the_lock(cgr: Command, images: SignedImages) -> None:
    images.sign(images.push())
    cgr.environ["CGR_SIGNED"] = "true"
    cgr("lock", IMAGE)

    assert cgr("resolve", IMAGE, "--lock", "cgr.lock.json").status == 0
    (entry,) = json.loads((images.home / "cgr.lock.json").read_text())["images"]
    assert entry["rule"] == {"signed": True}
    assert NAME in entry["ref"]
    del cgr.environ["CGR_SIGNED"]
    done = cgr("resolve", IMAGE, "--lock", "cgr.lock.json")
    assert "not in the lock file" in done.err


def test_a_newer_pin_in_a_file_stays_with_an_age_and_must_be_signed(cgr: Command, images: SignedImages) -> None:
    older = images.push()
    newer = images.push(updated_at=Instant(time.time_ns()).with_digits(3) + -DAY)
    file = images.home / "web.yaml"
    file.write_text(f"image: {IMAGE}@{newer}\n")
    images.sign(older)

    refused = cgr("pin", "web.yaml", "--signed", "--min-age", "7d")
    images.sign(newer)
    kept = cgr("pin", "web.yaml", "--signed", "--min-age", "7d")

    assert refused.status == 2
    assert f"the registry has no signature of {newer}" in refused.err
    assert kept.status == 0
    assert file.read_text() == f"image: {IMAGE}@{newer}\n"
