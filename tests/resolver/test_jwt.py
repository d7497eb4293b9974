# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Reading tokens, in this process: their claims, when they expire, and for whom they are."""

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.auth import jwt
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.jwt import check_audience
from pulumi_cgr.resolver import WrongAudience


def web_token(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.signature"


@pytest.mark.parametrize("length", range(4))
def test_the_claims_of_a_token_are_read_whatever_its_length(length: int) -> None:
    assert jwt.claims(web_token({"a": "x" * length})) == {"a": "x" * length}


@pytest.mark.parametrize(
    "text", ["opaque", "a.b", "a.b.c.d", "a.!.c", "a.e30x.c", web_token([1]), web_token("text"), "a.W1tb.c"]
)
def test_a_token_of_another_kind_has_no_claims(text: str) -> None:
    assert jwt.claims(text) == {}


@pytest.mark.parametrize(
    ("expires", "left"), [(1100, 100.0), (900.5, -99.5), (True, None), ("1100", None), (1e12, None), (None, None)]
)
def test_the_seconds_that_a_token_has_left(expires: object, left: float | None) -> None:
    assert jwt.seconds_left(web_token({"exp": expires}), 1000.0) == left


CHAINGUARDS = [
    None,
    "",
    "enforce.dev",
    "https://enforce.dev",
    "https://issuer.enforce.dev",
    "https://issuer.enforce.dev/",
    "https://issuer.enforce.dev/acme/ci",
]


@pytest.mark.parametrize("issuer", CHAINGUARDS)
def test_a_chainguard_token_for_others_is_not_sent_to_another_registry(issuer: str | None) -> None:
    own = web_token({"iss": issuer, "aud": "cgr.dev"})

    with pytest.raises(WrongAudience) as refused:
        check_audience(own, "registry.example.com", "the place")
    assert str(refused.value) == (
        "the place: the token is for the audience 'cgr.dev', not for registry.example.com, so it was not sent."
    )
    check_audience(own, "cgr.dev", "the place")


@pytest.mark.parametrize(
    "issuer",
    [
        "https://login.example.com",
        "https://login.example.com/enforce.dev",
        "https://login.example.com/issuer.enforce.dev",
        "https://notenforce.dev",
        "https://enforce.dev.example.com",
        ["enforce.dev"],
    ],
)
def test_what_the_tokens_of_other_issuers_are_for_is_their_own_business(issuer: object) -> None:
    check_audience(web_token({"iss": issuer, "aud": "their service"}), "registry.example.com", "the place")


def test_cgr_dev_gets_no_token_for_others_whoever_issued_it() -> None:
    for issuer in ("https://issuer.enforce.dev", "https://login.example.com"):
        with pytest.raises(WrongAudience) as refused:
            check_audience(web_token({"iss": issuer, "aud": ["one", "two", 3]}), "cgr.dev", "the place")
        assert str(refused.value) == (
            "the place: the token is for the audience 'one, two, 3', not for cgr.dev, so it was not sent."
            " Get one for it: chainctl auth token --audience cgr.dev"
        )


@pytest.mark.parametrize("audience", ["cgr.dev", ["cgr.dev"], ["one", "cgr.dev"], None, 7, {"cgr.dev": 1}])
def test_a_token_that_is_for_cgr_dev_or_does_not_say_passes(audience: object) -> None:
    check_audience(web_token({"iss": "https://issuer.enforce.dev", "aud": audience}), "cgr.dev", "the place")
    check_audience("opaque", "cgr.dev", "the place")
