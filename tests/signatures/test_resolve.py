# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`signed`: a digest comes only with a signature by somebody who may sign it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pulumi_cgr.resolver import (
    CgrError,
    InvalidArgument,
    MemoryCache,
    MissingDependency,
    NotSigned,
    RegistryUnavailable,
    SeveralFailed,
    SignatureRefused,
)
from pulumi_cgr.testing import Registry, Reply

from ..support.signature_cases import IDENTITY, ISSUER, OTHER_DIGEST
from ..support.signed_images import IMAGE, MOVED, NAME, TOKEN, SignedImages
from ..support.sigstore import Sigstore
from ..support.stand_in import make_stand_in

LOGGED = "2026-01-31T12:00:05Z"
STRANGER = "https://github.com/stranger/images/.github/workflows/release.yaml@refs/heads/main"


@pytest.mark.parametrize("place", ["bundle", "bundle by the fallback tag", "legacy", "legacy behind a fallback tag"])
def test_the_answer_says_who_signed_and_when(place: str, images: SignedImages) -> None:
    images.registry.contents.has_referrers = "fallback" not in place
    digest = images.push()
    sign = images.sign if "bundle" in place else images.sign_legacy
    if place == "legacy behind a fallback tag":
        images.attest(digest)
    sign(digest)

    found = images.resolver().resolve(IMAGE, signed=True)

    kind = "bundle" if "bundle" in place else "legacy"
    assert found.digest == digest
    assert found.to_result()["signed"] == {"by": IDENTITY, "issuer": ISSUER, "logged": LOGGED, "kind": kind}
    assert found.reason.endswith(f"; signed by {IDENTITY}, logged at {LOGGED}")


def test_without_it_nothing_is_asked_and_nothing_is_said(images: SignedImages) -> None:
    digest = images.push()

    found = images.resolver().resolve(IMAGE)

    assert (found.digest, found.signed, images.paths()) == (digest, None, [])
    assert "signed" not in found.to_result()
    assert "signed" not in found.to_dict()


def test_an_image_without_a_signature_is_refused(images: SignedImages) -> None:
    digest = images.push()

    with pytest.raises(NotSigned) as caught:
        images.resolver().resolve(IMAGE, signed=True)

    assert str(caught.value) == (
        f"{IMAGE}: the registry has no signature of {digest}: no bundle, and no tag {digest.replace(':', '-')}.sig. Choose"
        " another build, or ask whoever publishes the image."
    )


@pytest.mark.parametrize("kind", ["bundle", "legacy"])
def test_a_signature_by_somebody_else_is_refused_and_says_who(kind: str, images: SignedImages) -> None:
    digest = images.push()
    (images.sign if kind == "bundle" else images.sign_legacy)(digest, by=STRANGER)

    with pytest.raises(SignatureRefused) as caught:
        images.resolver().resolve(IMAGE, signed=True)

    assert f"its certificate names '{STRANGER}', issuer '{ISSUER}'" in str(caught.value)
    assert "If you trust another signer, add it to 'signers'" in str(caught.value)


def test_a_bundle_by_somebody_else_does_not_hide_a_good_legacy_signature(images: SignedImages) -> None:
    digest = images.push()
    images.sign(digest, by=STRANGER)
    images.attest(digest)
    images.sign_legacy(digest)

    signed = images.resolver().resolve(IMAGE, signed=True).signed

    assert signed is not None
    assert signed.kind == "legacy"


def test_an_attestation_is_not_a_signature(images: SignedImages) -> None:
    images.attest(images.push())

    with pytest.raises(NotSigned):
        images.resolver().resolve(IMAGE, signed=True)


def test_a_signature_of_another_image_is_refused(images: SignedImages) -> None:
    digest = images.push()
    images.sign(digest, about=OTHER_DIGEST)
    images.sign_legacy(digest, about=OTHER_DIGEST)

    with pytest.raises(SignatureRefused, match="a bundle: it signs another digest; a signature of the tag"):
        images.resolver().resolve(IMAGE, signed=True)


def test_the_setting_is_for_every_image_that_does_not_say_otherwise(images: SignedImages) -> None:
    images.push()
    resolver = images.resolver(signed="true")

    with pytest.raises(NotSigned):
        resolver.resolve(IMAGE)
    assert resolver.resolve(IMAGE, signed=False).signed is None
    with pytest.raises(SeveralFailed) as caught:
        resolver.resolve_all({"a": IMAGE, "b": {"image": IMAGE, "signed": False}})
    assert set(caught.value.errors) == {"a"}


def test_an_image_that_is_pinned_already_is_verified_too(images: SignedImages) -> None:
    digest = images.push()
    pinned = f"{IMAGE}@{digest}"
    with pytest.raises(NotSigned):
        images.resolver().resolve(pinned, signed=True)
    images.sign(digest)

    found = images.resolver().resolve(pinned, signed=True)

    assert found.reason == f"already pinned in the image; signed by {IDENTITY}, logged at {LOGGED}"


def test_signers_of_ones_own(images: SignedImages) -> None:
    name, image = "acme.com/web", "cgr.dev/acme.com/web:1"
    digest = images.push(name)
    images.sign(digest, name=name, by="https://issuer.enforce.dev/1/a", issuer="https://issuer.enforce.dev")
    signers = {
        "cgr.dev/acme.com": {
            "issuer": "https://issuer.enforce.dev",
            "identities": ["https://issuer.enforce.dev/1/b", "https://issuer.enforce.dev/1/a"],
        }
    }
    with pytest.raises(InvalidArgument, match="nobody is known who may sign"):
        images.resolver(token=TOKEN).resolve(image, signed=True)

    signed = images.resolver(token=TOKEN, signers=json.dumps(signers)).resolve(image, signed=True).signed

    assert signed is not None
    assert signed.by == "https://issuer.enforce.dev/1/a"


def test_a_mirror_is_not_asked_and_the_signer_is_that_of_cgr_dev(images: SignedImages) -> None:
    images.sign(images.push())
    resolver = images.resolver(mirrors={"registry.example.com/cgr": "cgr.dev/chainguard"})

    found = resolver.resolve("registry.example.com/cgr/web:1", signed=True)

    assert found.ref.startswith("registry.example.com/cgr/web:1@")
    assert found.signed is not None


def test_blobs_on_another_host_get_no_credentials(images: SignedImages, tmp_path: Path, sigstore: Sigstore) -> None:
    other = SignedImages(images.home, sigstore, Registry({}, tokens=[TOKEN], redirects_blobs=True))
    with other.registry:
        other.sign(other.push())

        assert other.resolver().resolve(IMAGE, signed=True).signed is not None

        storage = other.registry.storage
        assert storage is not None
        assert [request.headers.get("authorization") for request in storage.requests] == [None]


def test_the_cost(images: SignedImages) -> None:
    digest = images.push()
    images.sign_legacy(digest)
    resolver = images.resolver(run_cache=MemoryCache())

    resolver.resolve(IMAGE, signed=True)

    asked = images.paths()
    assert asked[:2] == [f"/v2/{NAME}/referrers/{digest}", f"/v2/{NAME}/manifests/{digest.replace(':', '-')}.sig"]
    assert len(asked) == 3
    assert asked[2].startswith(f"/v2/{NAME}/blobs/")
    (images.home / "bin" / "cosign").unlink()
    before = len(images.registry.requests)
    assert resolver.resolve(IMAGE, signed=True).signed is not None
    assert len(images.registry.requests) == before


def test_a_verified_digest_stays_in_the_cache_until_signer_or_root_change(images: SignedImages) -> None:
    digest = images.push()
    images.sign(digest)
    cache = str(images.home / "cache")
    first = images.resolver(cache=cache).resolve(IMAGE, signed=True).signed
    (images.home / "bin" / "cosign").unlink()
    images.registry.requests.clear()

    assert images.resolver(cache=cache).resolve(IMAGE, signed=True).signed == first
    assert images.paths() == []

    other = {"cgr.dev/chainguard": {"issuer": ISSUER, "identities": STRANGER}}
    with pytest.raises(SignatureRefused):
        images.resolver(cache=cache, signers=other).resolve(IMAGE, signed=True)
    images.root.write_text(images.root.read_text() + "\n")
    with pytest.raises(MissingDependency):
        images.resolver(cache=cache).resolve(IMAGE, signed=True)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (None, "'cosign' is not on PATH, and signatures are verified with cosign. Install version 3.1.1 or newer"),
        ("echo 'GitVersion:    v2.4.3'", "is cosign 2.4.3, and 3.1.1 or newer is required. Update it"),
        ("echo 'GitVersion:    v3.1.0'", "is cosign 3.1.0, and 3.1.1 or newer is required. Update it"),
        ("echo 'GitVersion:    devel'", "does not say which version of cosign it is"),
        ("kill -9 $$", "was ended by signal 9"),
    ],
)
def test_cosign_is_missing(script: str | None, sentence: str, images: SignedImages) -> None:
    images.sign(images.push())
    program = images.home / "bin" / "cosign"
    program.unlink()
    if script:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    with pytest.raises(MissingDependency) as caught:
        images.resolver().resolve(IMAGE, signed=True)

    assert sentence in str(caught.value)
    assert caught.value.argument == "cosign"


def test_the_program_can_be_named(images: SignedImages, tmp_path: Path) -> None:
    images.sign(images.push())
    (images.home / "bin" / "cosign").unlink()

    found = images.resolver(cosign=str(make_stand_in(tmp_path, "cosign-3"))).resolve(IMAGE, signed=True)

    assert found.signed is not None


def test_a_program_that_hangs_is_stopped(images: SignedImages) -> None:
    images.sign(images.push())
    program = images.home / "bin" / "cosign"
    program.write_text('#!/bin/sh\n[ "$1" = version ] && echo "GitVersion: v3.1.3" && exit\nsleep 600\n')

    with pytest.raises(RegistryUnavailable, match=r"cosign did not finish within 2 s\. Increase 'timeout'"):
        images.resolver(timeout=2).resolve(IMAGE, signed=True)


def test_a_program_that_exits_with_0_but_does_not_say_so_has_not_verified(images: SignedImages) -> None:
    images.sign(images.push())
    program = images.home / "bin" / "cosign"
    program.write_text('#!/bin/sh\n[ "$1" = version ] && echo "GitVersion: v3.1.3"\nexit 0\n')

    with pytest.raises(SignatureRefused, match="cosign gives no reason"):
        images.resolver().resolve(IMAGE, signed=True)


def test_cosign_gets_no_credentials_and_no_switches(images: SignedImages) -> None:
    digest = images.push("acme.com/web")
    images.sign(digest, name="acme.com/web")
    real, seen = make_stand_in(images.home, "real"), images.home / "seen"
    (images.home / "bin" / "cosign").write_text(f'#!/bin/sh\n{{ env; echo "$@"; }} >> {seen}\nexec {real} "$@"\n')
    images.environ = {
        "CGR_TOKEN": TOKEN,
        "COSIGN_INSECURE_IGNORE_TLOG": "true",
        "SIGSTORE_ROOT_FILE": "x",
        "TUF_ROOT": "x",
        "HTTPS_PROXY": "http://me:pass@localhost:9",
    }
    signers = {"cgr.dev/acme.com": {"issuer": ISSUER, "identities": IDENTITY}}

    images.resolver(signers=signers).resolve("cgr.dev/acme.com/web:1", signed=True)

    text = seen.read_text()
    assert "Verified" not in text
    assert "--insecure-ignore-sct=false" in text
    for word in (TOKEN, "COSIGN_", "SIGSTORE_", "TUF_", "PROXY", "CGR_"):
        assert word not in text


def test_the_trusted_root_is_created_once_for_a_set(images: SignedImages) -> None:
    for tag in "1234":
        images.sign(images.push(tag=tag))
    (images.home / ".sigstore").mkdir()
    images.root.rename(images.home / ".sigstore" / "trusted_root.json")
    real, seen = make_stand_in(images.home, "real"), images.home / "seen"
    (images.home / "bin" / "cosign").write_text(f'#!/bin/sh\necho "$1" >> {seen}\nexec {real} "$@"\n')
    images.environ = {"CGR_TRUSTED_ROOT": ""}

    found = images.resolver().resolve_all({tag: f"cgr.dev/{NAME}:{tag}" for tag in "1234"}, signed=True)

    assert all(each.signed for each in found.resolutions.values())
    ran = seen.read_text().split()
    assert (ran.count("version"), ran.count("trusted-root"), ran.count("verify-blob-attestation")) == (1, 1, 4)


def test_a_trusted_root_that_cosign_cannot_get(images: SignedImages) -> None:
    images.sign(images.push())
    images.environ = {"CGR_TRUSTED_ROOT": ""}

    with pytest.raises(
        RegistryUnavailable, match=r"cosign cannot get the trusted root of Sigstore: cosign says .*No such"
    ):
        images.resolver().resolve(IMAGE, signed=True)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, r"trusted_root '.*root.json' cannot be read: No such file"), ("{}", "is not a trusted root of Sigstore")],
)
def test_a_trusted_root_that_is_something_else(content: str | None, sentence: str, images: SignedImages) -> None:
    images.sign(images.push())
    images.root.unlink()
    if content:
        images.root.write_text(content)

    with pytest.raises(InvalidArgument, match=sentence) as caught:
        images.resolver().resolve(IMAGE, signed=True)

    assert caught.value.argument == "trusted_root"


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
@pytest.mark.parametrize("place", ["/referrers/", ".sig", "/blobs/"])
def test_could_not_ask_is_not_unsigned(place: str, status: int, images: SignedImages) -> None:
    images.sign_legacy(images.push())
    images.registry.interfere = lambda request: Reply(status) if place in request.path else None

    with pytest.raises(CgrError) as caught:
        images.resolver(timeout=2).resolve(IMAGE, signed=True)

    assert not isinstance(caught.value, (NotSigned, SignatureRefused))
    assert caught.value.error_code == {401: "not_signed_in", 403: "not_signed_in"}.get(status, "unavailable")


def test_the_build_that_is_kept_must_be_signed_too(images: SignedImages) -> None:
    old = images.push(updated_at=MOVED)
    images.sign(images.push(updated_at=MOVED + 10**9))

    with pytest.raises(NotSigned):
        images.resolver().resolve(IMAGE, signed=True, exclude=[images.resolver().resolve(IMAGE).digest])
    assert images.resolver().resolve(IMAGE, builds_back=1).digest == old


def test_the_image_for_a_platform_is_trusted_because_the_signed_index_lists_it(images: SignedImages) -> None:
    index = images.push()
    images.sign(index)

    found = images.resolver().resolve(IMAGE, signed=True, platform="arm64")

    assert found.signed is not None
    assert (found.index, found.digest) == (index, found.platforms["linux/arm64"])
    assert found.digest != index


def test_other_signers_are_another_question_in_the_same_run(images: SignedImages) -> None:
    images.sign(images.push())
    run_cache = MemoryCache()
    assert images.resolver(run_cache=run_cache).resolve(IMAGE, signed=True).signed

    stranger = {"cgr.dev/chainguard": {"issuer": ISSUER, "identities": STRANGER}}
    with pytest.raises(SignatureRefused):
        images.resolver(run_cache=run_cache, signers=stranger).resolve(IMAGE, signed=True)


def test_a_deployed_build_that_is_denied_must_still_be_signed(images: SignedImages) -> None:
    digest = images.push()
    images.registry.contents.deny(digest)
    resolver = images.resolver()
    with pytest.raises(NotSigned):
        resolver.resolve(IMAGE, signed=True, pullable=True, current=digest)
    images.sign(digest)

    found = resolver.resolve(IMAGE, signed=True, pullable=True, current=digest)

    assert found.signed is not None
    assert "may no longer be pulled" in found.warnings[0]


def test_a_signature_that_is_refused_is_not_passed_over(images: SignedImages) -> None:
    images.sign(images.push())
    images.sign(images.push(updated_at=MOVED + 10**9), by=STRANGER)

    with pytest.raises(SignatureRefused):
        images.resolver().resolve(IMAGE, signed=True, on_denied="older")


def test_the_history_says_why_a_rule_chooses_no_build(images: SignedImages) -> None:
    images.push()

    found = images.resolver().history(IMAGE, since="3650d", signed=True)

    assert found.chosen is None
    assert found.refusal is not None
    assert "the registry has no signature of" in found.refusal
