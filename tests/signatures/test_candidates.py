# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a registry has in the place of a signature, it is a candidate or it is not one; nothing else happens."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.cgr.images.plugins.module_utils._resolver.signature.candidates import (
    Candidate,
    Unusable,
    from_bundle,
    from_legacy,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.signature.certificate import Named, named_in

from ..support.signature_cases import DIGEST, IDENTITY, ISSUER, case, edited
from ..support.sigstore import Sigstore

CERTIFICATE = Sigstore().signer(IDENTITY, ISSUER).certificate.public_bytes(Encoding.DER)
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=8),
    lambda each: some.lists(each, max_size=3) | some.dictionaries(some.text(max_size=8), each, max_size=3),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Returns the paths of all values in JSON data."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


@given(content=some.binary(max_size=64))
def test_bytes_that_are_not_a_certificate_name_nobody(content: bytes) -> None:
    assert named_in(content) is None


@given(position=some.integers(0, 10_000), change=some.integers(1, 255), is_cut=some.booleans())
def test_a_certificate_that_is_cut_or_changed_is_read_without_an_exception(
    position: int, change: int, is_cut: bool
) -> None:
    content = bytearray(CERTIFICATE)
    place = position % len(content)
    content[place] ^= change

    found = named_in(bytes(content[:place] if is_cut else content))

    assert found is None or isinstance(found, Named)


@given(data=some.data())
def test_a_bundle_with_a_strange_value_is_a_candidate_or_not(data: Any, sigstore: Sigstore, stranger: Sigstore) -> None:
    bundle = case("bundle", sigstore, stranger).content
    assert isinstance(bundle, dict)
    place = data.draw(some.sampled_from(places(bundle)[1:]))
    content = json.dumps(edited(bundle, *place, value=data.draw(JSON))).encode()

    with suppress(Unusable):
        assert isinstance(from_bundle(content, DIGEST), Candidate)


@given(content=some.binary(max_size=64), value=JSON)
def test_a_layer_with_strange_content_is_not_a_candidate(content: bytes, value: Any) -> None:
    names = ("dev.cosignproject.cosign/signature", "dev.sigstore.cosign/certificate", "dev.sigstore.cosign/bundle")
    for each in (content, json.dumps(value).encode()):
        with pytest.raises(Unusable):
            from_legacy(each, dict.fromkeys(names, json.dumps(value)), DIGEST)


@pytest.mark.parametrize("text", ["QQ=", "QR==", "Q Q==", "Q\nQ=="])
def test_base64_has_one_form(text: str, sigstore: Sigstore, stranger: Sigstore) -> None:
    content, annotations = case("legacy", sigstore, stranger).content
    signature = {"dev.cosignproject.cosign/signature": text}

    with pytest.raises(Unusable):
        from_legacy(content, {**annotations, **signature}, DIGEST)  # type: ignore[dict-item, arg-type]
