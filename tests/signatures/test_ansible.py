# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`signed` in playbooks: the module, the lookups and files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from ..ansible.conftest import Controller
from ..support.signature_cases import IDENTITY, ISSUER
from ..support.signed_images import IMAGE, TOKEN, SignedImages

SIGNED = {"by": IDENTITY, "issuer": ISSUER, "logged": "2026-01-31T12:00:05Z", "kind": "legacy"}


@pytest.fixture
def controller(images: SignedImages) -> Controller:
    return Controller(Path(sys.executable).parent, images.home, images.registry)


def results(controller: Controller, images: SignedImages, *tasks: dict[str, Any], **environ: str) -> list[Any]:
    path = f"{images.home}/bin:{Path(sys.executable).parent}:/usr/bin:/bin"
    return controller.results(list(tasks), **{"PATH": path, "CGR_TRUSTED_ROOT": str(images.root), **environ})


def test_the_module_returns_who_signed(controller: Controller, images: SignedImages) -> None:
    digest = images.push()
    images.sign_legacy(digest)
    bad = "cgr.dev/chainguard/bad:1"
    images.push("chainguard/bad")

    good, error, several, plain = results(
        controller,
        images,
        {"cgr.images.digest_info": {"image": IMAGE, "signed": True}},
        {"cgr.images.digest_info": {"image": bad, "signed": True}},
        {"cgr.images.digest_info": {"images": {"a": IMAGE, "b": {"image": bad, "signed": False}}, "signed": True}},
        {"cgr.images.digest_info": {"image": bad}},
    )

    assert (good["digest"], good["signed"]) == (digest, SIGNED)
    assert (error["failed"], error["error_code"]) == (True, "not_signed")
    assert several["images"]["a"]["signed"] == SIGNED
    assert "signed" not in several["images"]["b"]
    assert "signed" not in plain


def test_lookups_and_files_take_signed_builds_only(controller: Controller, images: SignedImages) -> None:
    images.sign_legacy(images.push())
    images.push("chainguard/bad")
    file = images.home / "bad.yaml"
    file.write_text("image: cgr.dev/chainguard/bad:1\n")

    found, refused, pinned = results(
        controller,
        images,
        {"ansible.builtin.debug": {"msg": f"{{{{ lookup('cgr.images.ref', '{IMAGE}', signed=true) }}}}"}},
        {"ansible.builtin.debug": {"msg": "{{ lookup('cgr.images.ref', 'cgr.dev/chainguard/bad:1', signed='true') }}"}},
        {"cgr.images.pinned_files": {"paths": [str(file)], "signed": True}},
    )

    assert found["msg"].startswith(f"{IMAGE}@sha256:")
    assert "the registry has no signature of" in refused["msg"]
    assert pinned["failed"]
    assert file.read_text() == "image: cgr.dev/chainguard/bad:1\n"


def test_signers_and_signed_as_variables(controller: Controller, images: SignedImages) -> None:
    name, image = "acme.com/web", "cgr.dev/acme.com/web:1"
    identity = {"by": "https://issuer.enforce.dev/1/a", "issuer": "https://issuer.enforce.dev"}
    images.sign(images.push(name), name=name, **identity)
    signers = {"cgr.dev/acme.com": {"issuer": identity["issuer"], "identities": [identity["by"]]}}
    task = {"cgr.images.digest_info": {"image": image}, "vars": {"cgr_signed": True, "cgr_signers": signers}}

    (found,) = results(controller, images, task, CGR_TOKEN=TOKEN)

    assert found["signed"]["by"] == identity["by"]


def test_cosign_that_is_missing_is_said(controller: Controller, images: SignedImages) -> None:
    images.sign(images.push())

    (found,) = results(
        controller,
        images,
        {"cgr.images.digest_info": {"image": IMAGE, "signed": True}},
        PATH=f"{Path(sys.executable).parent}:/usr/bin:/bin",
    )

    assert (found["error_code"], "'cosign' is not on PATH" in found["msg"]) == ("missing_dependency", True)
