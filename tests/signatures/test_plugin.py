# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`signed` with the plugin for all languages of Pulumi."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pulumi.runtime.proto import provider_pb2

from ..plugin.client import Plugin, serving, to_dict, to_struct
from ..support.signature_cases import IDENTITY, ISSUER
from ..support.signed_images import IMAGE, SignedImages


@pytest.fixture
def plugin(images: SignedImages) -> Iterator[Plugin]:
    with serving(images.environment, supports_refresh_before_update=True) as plugin:
        plugin.configure()
        yield plugin


def test_a_pin_must_be_signed(plugin: Plugin, images: SignedImages) -> None:
    digest = images.push()
    assert "the registry has no signature of" in plugin.failure({"image": IMAGE, "signed": True})[1]
    images.sign(digest)

    checked = plugin.checked({"image": IMAGE, "signed": True})

    assert (checked["digest"], checked["signed"]) == (digest, True)
    assert checked["reason"].endswith(f"; signed by {IDENTITY}, logged at 2026-01-31T12:00:05Z")
    assert "signed" not in plugin.checked({"image": IMAGE})


def test_the_function_returns_who_signed(plugin: Plugin, images: SignedImages) -> None:
    images.sign(images.push())
    request = provider_pb2.InvokeRequest(
        tok="cgr:index:getImageDigest", args=to_struct({"image": IMAGE, "signed": True})
    )

    found = to_dict(getattr(plugin.stub.Invoke(request), "return"))

    assert found["signed"] == {"by": IDENTITY, "issuer": ISSUER, "logged": "2026-01-31T12:00:05Z", "kind": "bundle"}


def test_signed_and_signers_are_settings(plugin: Plugin, images: SignedImages) -> None:
    images.sign(images.push(), by="me")
    signers = json.dumps({"cgr.dev/chainguard/web": {"issuer": ISSUER, "identities": ["me"]}})

    plugin.configure(signed="true", signers=signers)

    assert "signed by me" in plugin.checked({"image": IMAGE})["reason"]
