# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Who may sign which images: the longest prefix wins, and nothing is a pattern."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.model.signers import (
    PUBLIC_SIGNER,
    Signer,
    Signers,
)
from pulumi_cgr.resolver import InvalidArgument, Resolver

ISSUER = "https://issuer.enforce.dev"


def signer(*identities: str) -> dict[str, Any]:
    return {"issuer": ISSUER, "identities": list(identities)}


@pytest.mark.parametrize(
    ("repository", "identity"),
    [
        ("cgr.dev/acme.com/web", "org"),
        ("cgr.dev/acme.com/web/debug", "org"),
        ("cgr.dev/acme.com/db", "db"),
        ("cgr.dev/acme.com/db/debug", "db"),
        ("cgr.dev/acme.com/dbx", "org"),
        ("cgr.dev/acme.community/web", "all"),
        ("127.0.0.1:5000/acme.com/web", None),
    ],
)
def test_the_longest_prefix_wins(repository: str, identity: str | None) -> None:
    given = {"cgr.dev": signer("all"), "cgr.dev/acme.com/": signer("org"), "cgr.dev/acme.com/db": signer("db")}

    found = Signers.of(given).of_repository(repository)

    assert found == (Signer(ISSUER, (identity,)) if identity else None)


def test_the_signer_of_the_public_images_is_known_and_can_be_replaced() -> None:
    assert Signers().of_repository("cgr.dev/chainguard/python") == PUBLIC_SIGNER
    assert Signers.of({"cgr.dev": signer("all")}).of_repository("cgr.dev/chainguard/python") == PUBLIC_SIGNER
    replaced = Signers.of({"cgr.dev/chainguard": signer("mine")})
    assert replaced.of_repository("cgr.dev/chainguard/python") == Signer(ISSUER, ("mine",))


def test_signers_can_be_json_text() -> None:
    given = {"cgr.dev/acme.com": signer("a", "b")}

    assert Signers.of(json.dumps(given)) == Signers.of(given)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a mapping: write the prefix of repositories"),
        ({"docker.io/acme": signer("a")}, "'docker.io/acme' is not a name on cgr.dev"),
        ({"cgr.dev/ACME": signer("a")}, "'cgr.dev/ACME' is not a name on cgr.dev"),
        ({"cgr.dev/acme.com": ISSUER}, "cgr.dev/acme.com must have issuer and identities, and nothing else"),
        ({"cgr.dev/acme.com": {**signer("a"), "regexp": ".*"}}, "and nothing else"),
        ({"cgr.dev/acme.com": {"issuer": ISSUER}}, "must have issuer and identities"),
        ({"cgr.dev/acme.com": signer()}, "identities of cgr.dev/acme.com is not a list of names"),
        ({"cgr.dev/acme.com": signer("two words")}, "it is compared exactly"),
        ({"cgr.dev/acme.com": signer("")}, "it is compared exactly"),
        ({"cgr.dev/acme.com": {"issuer": 5, "identities": ["a"]}}, "it is compared exactly"),
    ],
)
def test_a_wrong_value_is_an_error_about_signers(value: Any, sentence: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Resolver(environment={}, signers=value)

    assert caught.value.argument == "signers"
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("value", ["maybe", "2", "[]"])
def test_signed_is_true_or_false(value: str) -> None:
    with pytest.raises(InvalidArgument, match="is neither true nor false"):
        Resolver(environment={"CGR_SIGNED": value})
