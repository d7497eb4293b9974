# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Credentials that are given, in this process: what a pair means, and which characters no credential has."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.credentials import (
    Basic,
    Bearer,
    Credential,
    Refresh,
    check_token,
    credential_from_pair,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.static import StaticCredentials
from ansible_collections.cgr.images.plugins.module_utils._resolver.model import reference
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import Settings
from pulumi_cgr.resolver import BrokenCredentials, Resolver

IMAGE = reference.parse("cgr.dev/acme.com/web:1", None)


@pytest.mark.parametrize(
    ("settings", "source"),
    [
        ({"token": "opaque"}, "the token that was given"),
        ({"username": "acme/pull", "password": "secret"}, "the username and password that were given"),
        ({"credentials": "anonymous"}, "credentials: anonymous"),
    ],
    ids=["a token", "a pair", "anonymous"],
)
def test_credentials_that_are_given_say_so(settings: Any, source: str) -> None:
    resolver = Resolver(environment={}, **settings)

    (used,) = resolver.credentials_for("cgr.dev/acme.com/web:1")

    assert (used.source, used.outcome) == ("settings", f"used: {source}")


def test_a_pair_means_a_token_where_its_name_says_so() -> None:
    assert credential_from_pair("_token", "opaque", "here") == Bearer("opaque", "here")
    assert credential_from_pair("<token>", "opaque", "here") == Refresh("opaque", "here")
    assert credential_from_pair("acme/pull", "a password", "here") == Basic("acme/pull", "a password", "here")


ALONE = "contains a space or another character that no token has. Give the token alone."
JSON = "is JSON, not a token. Give the token alone, without what is around it."


@pytest.mark.parametrize("name", ["_token", "<token>"])
@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("two words", ALONE),
        ("", ALONE),
        ("{}", JSON),
        ('\ufeff \r\n\t["x"]', JSON),
        ('"opaque"', JSON),
        ("opaque\n", "contains a line end, which no credential has. Give it anew, without that."),
        ("\ufeffopaque", "contains a byte order mark, which no credential has. Give it anew, without that."),
    ],
)
def test_a_secret_that_is_no_token_is_refused_by_its_place(name: str, secret: str, reason: str) -> None:
    with pytest.raises(BrokenCredentials) as refused:
        credential_from_pair(name, secret, "the place")
    assert str(refused.value) == f"the place {reason}"


@pytest.mark.parametrize("letter", ["{", "[", '"', "X"])
def test_a_token_may_end_as_json_does_not_begin(letter: str) -> None:
    assert check_token(f"opaque{letter}", "here") == f"opaque{letter}"
    assert check_token(f"X{letter}", "here") == f"X{letter}"


WRONG = {
    "\r": "a line end",
    "\0": "a NUL",
    "\x7f": "a control character",
    "\ud800": "half of a surrogate pair",
    "€": "a character outside Latin-1",
}


@pytest.mark.parametrize("letter", WRONG)
def test_a_pair_with_a_character_that_no_credential_has_says_in_which(letter: str) -> None:
    end = f" contains {WRONG[letter]}, which no credential has. Give it anew, without that."
    with pytest.raises(BrokenCredentials) as refused:
        credential_from_pair(f"acme{letter}", "secret", "the place")
    assert str(refused.value) == f"the place: the user name{end}"
    with pytest.raises(BrokenCredentials) as refused:
        credential_from_pair("acme", f"secret{letter}", "the place")
    assert str(refused.value) == f"the place: the password{end}"


def test_a_user_name_with_a_colon_is_refused() -> None:
    with pytest.raises(BrokenCredentials) as refused:
        credential_from_pair("acme:pull", "secret", "the place")
    assert str(refused.value) == "the place: the user name contains a colon, which HTTP does not allow."


def given(**settings: Any) -> Credential | str:
    return StaticCredentials(Settings.read(settings, {})).find(IMAGE, 1.0, None)


def test_credentials_that_are_given_are_used_as_they_are() -> None:
    assert given(token="opaque") == Bearer("opaque", "the token that was given")
    assert given(username="acme/pull", password="secret") == Basic(
        "acme/pull", "secret", "the username and password that were given"
    )
    assert given() == "neither token nor username and password is given"
    with pytest.raises(BrokenCredentials, match=r"^the token that was given is JSON, not a token"):
        given(token="{}")
