# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding image references in text, and pinning exactly those that are named.

A reference counts only where it stands alone: not with something before or behind it that would make it another one
(another registry, a longer tag, a digest), not where a template makes part of it, and not in a comment.  Every other byte
stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ansible_collections.cgr.images.plugins.module_utils._resolver.model.reference import parse_ref

# As long a run as possible of what may be in a reference, so that nothing before or behind it is overlooked; and not
# beside the braces or signs of a template.
_RUN = r"-\w.:/@+#~"
_TOKEN = re.compile(rf"(?<![{_RUN}}}%$])[{_RUN}]+(?![{_RUN}{{%$])")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*", re.MULTILINE)
_SCHEME = "docker://"


def refs_of(resolutions: Any) -> dict[str, str]:
    """Returns which reference each image is to be pinned to.

    Args:
        answers: references `repository:tag@digest`, results of digest_info, or lists of either, at any depth.

    Raises:
        ValueError: an answer holds no reference, or two give one image different digests.
        InvalidImage: a reference is malformed.
    """
    pins: dict[str, str] = {}
    for image, ref in _pairs(resolutions):
        if pins.setdefault(image, ref) != ref:
            raise ValueError(f"two answers pin {image} to different digests: {pins[image]} and {ref}")
    return pins


def pinned(value: Any, pins: Mapping[str, str]) -> Any:
    """Returns text, or data with text anywhere in it, with the references in it pinned.

    Args:
        value: text or data.
        pins: which reference each image is to be pinned to.
    """
    if isinstance(value, str):
        return _pinned_text(value, pins)
    if isinstance(value, Mapping):
        return {key: pinned(entry, pins) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [pinned(entry, pins) for entry in value]
    return value


def _pairs(resolutions: Any) -> Iterator[tuple[str, str]]:
    if isinstance(resolutions, str):
        reference = parse_ref(resolutions)
        if reference.digest is None or reference.tag is None:
            raise ValueError(f"{resolutions} is no answer: it must be repository:tag@digest")
        yield f"{reference.repository}:{reference.tag}", resolutions
    elif isinstance(resolutions, Mapping):
        yield from _pairs_of_result(resolutions)
    elif isinstance(resolutions, (list, tuple)):
        for resolution in resolutions:
            yield from _pairs(resolution)
    else:
        raise ValueError(f"{type(resolutions).__name__} is no answer: give results of digest_info or references")


def _pairs_of_result(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    inner = result.get("images", result.get("results"))
    if inner is not None:
        yield from _pairs(list(inner.values()) if isinstance(inner, Mapping) else inner)
    elif isinstance(result.get("ref"), str):
        yield from _pairs(result["ref"])
        if isinstance(result.get("image"), str) and "@" not in result["image"]:
            yield result["image"], result["ref"]
    else:
        raise ValueError(
            f"a result without a ref is no answer: {result.get('msg', 'give what digest_info registered')}"
        )


def _pinned_text(text: str, pins: Mapping[str, str]) -> str:
    if not any(image in text for image in pins):
        return text

    live = bytearray(len(text))
    for start, end in _live_spans(text):
        live[start:end] = b"\1" * (end - start)

    def pin(match: re.Match[str]) -> str:
        token = match.group()
        scheme = _SCHEME if token.startswith(_SCHEME) else ""
        image = token[len(scheme) :]
        return scheme + pins[image] if image in pins and live[match.start()] else token

    return _TOKEN.sub(pin, text)


def _live_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yields where in a text there are values rather than comments."""
    try:
        tokens = [token for token in yaml.scan(text, Loader=yaml.SafeLoader) if isinstance(token, yaml.ScalarToken)]
        yield from [(token.start_mark.index, token.end_mark.index) for token in tokens]
    except yaml.YAMLError:
        done = 0
        for comment in _COMMENT.finditer(text):
            yield done, comment.start()
            done = comment.end()
        yield done, len(text)
