# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Messages in the names of the schema."""

from __future__ import annotations

import pytest

from pulumi_cgr._bridge import RULE_NAMES, SETTINGS
from pulumi_cgr.plugin.names import camel, respell, snake


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("min_age 'a while' is not a duration", "minAge 'a while' is not a duration"),
        ("at and stale_after cannot be combined.", "at and staleAfter cannot be combined."),
        ("min_age 'min_age' is not a duration", "minAge 'min_age' is not a duration"),
        ('lock "min_age.json" cannot be read', 'lock "min_age.json" cannot be read'),
        ("the organisation's min_age isn't 'min_age'", "the organisation's minAge isn't 'min_age'"),
        ("min_age.json is not a lock file, min_age.", "min_age.json is not a lock file, minAge."),
        ("cgr.dev/acme.com/min_age:min_age is not there", "cgr.dev/acme.com/min_age:min_age is not there"),
        ("run cgr-images lock --min-age 7d ./min_age", "run cgr-images lock --min-age 7d ./min_age"),
        ("set CGR_REGISTRY_URL or registry_url", "set CGR_REGISTRY_URL or registryUrl"),
        ("did you mean cgr:registry_url?", "did you mean cgr:registryUrl?"),
        ("Remove ignore_changes or give another digest", "Remove ignoreChanges or give another digest"),
    ],
)
def test_only_our_own_names_are_spelled_differently(message: str, said: str) -> None:
    assert respell(message) == said


def test_every_declared_name_has_one_spelling_each_way() -> None:
    for name in (*RULE_NAMES, *(setting.name for setting in SETTINGS)):
        assert snake(camel(name)) == snake(name) == name
        assert respell(f"{name} is wrong.") == f"{camel(name)} is wrong."
