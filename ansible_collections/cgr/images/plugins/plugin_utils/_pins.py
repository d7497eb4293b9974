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

from ansible_collections.cgr.images.plugins.module_utils._resolver.model.grammar import is_digest
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.reference import parse_ref

# As long a run as possible of what may be in a reference, so that nothing before or behind it is overlooked; and not
# beside the braces or signs of a template.
_RUN = r"-\w.:/@+#~"
_TOKEN = re.compile(rf"(?<![{_RUN}}}%$])[{_RUN}]+(?![{_RUN}{{%$])")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*", re.MULTILINE)
_SCHEMES = ("docker://", "docker-image://")
"""Of GitHub Actions, and of the build contexts of Compose and Buildx."""


def refs_of(results: Any) -> dict[str, str]:
    """Returns which reference each image is to be pinned to.

    Args:
        results: references `repository:tag@digest`, results of digest_info or any part of them that holds references, or lists
            or dictionaries of these, at any depth.

    Raises:
        ValueError: a result has no reference, or two results give one image different digests.
        InvalidImage: a reference is malformed.
    """
    pins: dict[str, str] = {}
    for image, ref in _pairs(results):
        if pins.setdefault(image, ref) != ref:
            raise ValueError(f"two results pin {image} to different digests: {pins[image]} and {ref}")
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


def _pairs(results: Any) -> Iterator[tuple[str, str]]:
    """Yields each image and the reference to pin it to."""
    if isinstance(results, str):
        for ref in results.split(","):  # lookup() joins several with commas
            yield from _pairs_of_ref(ref.strip())
    elif isinstance(results, Mapping):
        yield from _pairs_of_mapping(results)
    elif isinstance(results, (list, tuple)):
        for result in results:
            if not _has_no_tag(result):
                yield from _pairs(result)
    else:
        raise ValueError(
            f"{type(results).__name__} is not a result of digest_info or a reference repository:tag@digest"
        )


def _pairs_of_ref(ref: str) -> Iterator[tuple[str, str]]:
    if is_digest(ref):
        raise ValueError(f"{ref} is a digest without its image: give references repository:tag@digest, such as 'refs'")
    reference = parse_ref(ref)
    if reference.digest is None or reference.tag is None:
        raise ValueError(f"{ref} is not a reference to pin to: it must be repository:tag@digest")
    yield f"{reference.repository}:{reference.tag}", ref


def _pairs_of_mapping(results: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    inner = results.get("images", results.get("results"))
    if results and all(isinstance(value, str) and ("@" in value or is_digest(value)) for value in results.values()):
        yield from _pairs(list(results.values()))  # such as the `refs` of a set
    elif isinstance(inner, (list, tuple, Mapping)):
        yield from _pairs(list(inner.values()) if isinstance(inner, Mapping) else inner)
    elif isinstance(results.get("ref"), str):
        yield from _pairs_of_result(results)
    elif results and all(isinstance(value, Mapping) for value in results.values()):
        yield from _pairs(list(results.values()))  # such as the `images` of a set
    else:
        said = results.get("msg", "give what digest_info registered")
        if results.get("skipped"):
            said = "its task was skipped. Leave it out; those of a loop with results | rejectattr('skipped', 'defined')"
        raise ValueError(f"a result without a ref cannot be pinned to: {said}")


def _pairs_of_result(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if _has_no_tag(result["ref"]):
        return
    yield from _pairs_of_ref(result["ref"])
    if isinstance(result.get("image"), str) and "@" not in result["image"]:
        yield result["image"], result["ref"]


def _has_no_tag(ref: Any) -> bool:
    """Whether it is an image that was pinned already by its digest alone: no tag is left to pin."""
    return (
        isinstance(ref, str)
        and ref.count("@") == 1
        and is_digest(ref.rpartition("@")[2])
        and parse_ref(ref).tag is None
    )


def _pinned_text(text: str, pins: Mapping[str, str]) -> str:
    if not any(image in text for image in pins):
        return text

    live = bytearray(len(text))
    for start, end in _live_spans(text):
        live[start:end] = b"\1" * (end - start)

    def pin(match: re.Match[str]) -> str:
        token = match.group()
        scheme = next((each for each in _SCHEMES if token.startswith(each)), "")
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
