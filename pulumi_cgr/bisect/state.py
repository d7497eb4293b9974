# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The state of a search in one file, which is the old one or the new one at every moment."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, replace
from typing import Any

from .._bridge import is_digest, lock_folder, remove_partial_file, replace_file
from ..resolver import Instant, InvalidArgument
from .search import VERDICTS, Candidate, Mark, Search

STATE_FILE_NAME = ".cgr-bisect.json"
VERSION = 1


@dataclass(frozen=True)
class State:
    """A search that can go on in another process.

    Attributes:
        image: the image with its tag.
        good: what the user gave as the good build: an instant, or a digest.
        bad: what the user gave as the bad build.
        search: the search. Builds to which the tag moves later are not candidates.
    """

    image: str
    good: str
    bad: str
    search: Search

    def is_for(self, image: str, good: str, bad: str) -> bool:
        """Whether a user who gives these arguments means this search."""
        return (self.image, self.good, self.bad) == (image, good, bad)

    def with_mark(self, digest: str, verdict: str) -> State:
        """Returns the state with one more verdict; raises what `Search.with_mark` does."""
        return replace(self, search=self.search.with_mark(digest, verdict))

    def ref(self, candidate: Candidate) -> str:
        """Returns the reference of a build, `repository:tag@digest`."""
        return f"{self.image}@{candidate.digest}"


def read(path: str) -> State | None:
    """Reads the state of a search; `None` if the file does not exist.

    Raises:
        InvalidArgument: the file cannot be read, or is something else.
    """
    try:
        with open(path, encoding="utf-8") as stream:
            return _decode(json.load(stream))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be read: {error.strerror}.", "state") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidArgument(
            f"{path} is not the state of a search. Name another file with --state.", "state"
        ) from error


def write(path: str, state: State) -> None:
    """Writes the state of a search, all of it or nothing.

    Raises:
        InvalidArgument: it cannot be written.
    """
    content = f"{json.dumps(_encode(state), indent=1)}\n".encode()
    target = os.path.realpath(path)
    try:
        with lock_folder(os.path.dirname(target)):
            remove_partial_file(target)
            replace_file(target, content)
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be written: {error.strerror or error}.", "state") from error


def remove(path: str) -> None:
    """Removes the state of a search, if there is one.

    Raises:
        InvalidArgument: it cannot be removed.
    """
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be removed: {error.strerror}.", "state") from error


def _encode(state: State) -> dict[str, Any]:
    return {
        "version": VERSION,
        "image": state.image,
        "good": state.good,
        "bad": state.bad,
        "candidates": [[str(each.updated_at), each.digest] for each in state.search.candidates],
        "marks": [[mark.verdict, mark.digest] for mark in state.search.marks],
    }


def _decode(data: Any) -> State:
    if data["version"] != VERSION:
        raise ValueError("is of another version")
    candidates = tuple(Candidate(digest, Instant.parse(updated_at)) for updated_at, digest in data["candidates"])
    digests = {candidate.digest for candidate in candidates}
    marks = tuple(Mark(digest, verdict) for verdict, digest in data["marks"])
    is_valid = len(digests) == len(candidates) >= 2 and all(map(is_digest, digests))
    if not is_valid or any(mark.digest not in digests or mark.verdict not in VERDICTS for mark in marks):
        raise ValueError("is not the state of a search")
    texts = (data["image"], data["good"], data["bad"])
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("is not the state of a search")
    return State(*texts, Search(candidates, marks))
