# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The doc fragments of the collection say what the declarations of `Rule` and `Settings` say."""

from __future__ import annotations

import pytest

from .support.fragments import rule_fragment, settings_fragment, variables
from .support.pages import compare

FRAGMENTS = "ansible_collections/cgr/images/plugins/doc_fragments"

pytestmark = pytest.mark.page


def test_the_fragment_of_the_rule() -> None:
    compare(f"{FRAGMENTS}/rule.py", rule_fragment())


def test_the_fragment_of_the_settings() -> None:
    compare(f"{FRAGMENTS}/settings.py", settings_fragment())


def test_the_names_of_the_variables() -> None:
    compare("ansible_collections/cgr/images/plugins/plugin_utils/_variables.py", variables())
