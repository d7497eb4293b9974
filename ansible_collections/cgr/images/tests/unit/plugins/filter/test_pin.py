# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pin: a reference is pinned where it stands alone, and nothing else changes."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.cgr.images.plugins.filter.pin import FilterModule

IMAGE = "cgr.dev/acme.com/python:3.12"
REF = f"{IMAGE}@sha256:{64 * 'a'}"

pin = FilterModule().filters()["pin"]


@pytest.mark.parametrize(
    ("value", "pinned"),
    [
        (f"FROM {IMAGE} AS build", f"FROM {REF} AS build"),
        ({"containers": [{"image": IMAGE}]}, {"containers": [{"image": REF}]}),
        (f"image: {IMAGE}-dev # not {IMAGE}", f"image: {IMAGE}-dev # not {IMAGE}"),
        (f"image: {REF}", f"image: {REF}"),
        (7, 7),
    ],
)
def test_what_is_pinned(value: object, pinned: object) -> None:
    assert pin(value, [{"ref": REF}]) == pinned


def test_a_failed_result_is_an_error() -> None:
    with pytest.raises(AnsibleFilterError, match="a result without a ref cannot be pinned to"):
        pin(f"image: {IMAGE}", [{"failed": True}])
