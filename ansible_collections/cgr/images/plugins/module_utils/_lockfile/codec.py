# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The lock as a file: JSON with one line for each value, the same bytes for the same entries.

What changes with a pin stands in the middle of an entry, and what stays around it: so the changes of two people to different
images are never beside each other, and git merges them.  The form is described in docs/reference/cgr.lock.schema.json.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from typing import Any, Callable, Mapping

from .._files import atomic
from .._resolver.errors import InvalidArgument, InvalidLock, redact
from .._resolver.model.grammar import is_digest
from .._resolver.model.instant import Instant
from .._resolver.model.mirrors import Mirrors
from .._resolver.model.query import Query
from .._resolver.model.reference import parse_ref
from .._resolver.model.rule import PARTS
from .model import LOCK_FILE_NAME, LOCK_VERSION, Entry, Lock, lock_key, merge_locks

LARGEST = 64 * 1024 * 1024
_ALWAYS = ("image", "rule", "ref", "digest", "updated_at", "resolved", "used")
_SOMETIMES = ("upstream", "exclude")
LOCKED_PARTS = tuple(part.name for part in PARTS if part.is_locked)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def read_lock(path: str | os.PathLike[str]) -> Lock:
    """Reads a lock.

    Args:
        path: the file.

    Raises:
        InvalidLock: it is missing, cannot be read, or is no lock.
    """
    lock = read_if_there(path)
    if lock is None:
        name = os.fspath(path)
        named = "" if name == LOCK_FILE_NAME else f" --lock {shlex.quote(name)}"
        raise InvalidLock(f"{name}: there is no such file. Make it: cgr-images lock IMAGE{named}")
    return lock


def read_if_there(path: str | os.PathLike[str]) -> Lock | None:
    """Reads a lock; `None` where there is no file.  Raises what `read_lock` does."""
    name = os.fspath(path)
    try:
        with open(path, "rb") as stream:
            return decode(stream.read(LARGEST + 1))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidLock(f"{name} cannot be read: {error.strerror}.") from error
    except InvalidLock as error:
        raise InvalidLock(f"{name}: {error}") from error.__cause__


def change(path: str | os.PathLike[str], make: Callable[[Lock], Lock]) -> tuple[Lock, Lock]:
    """Changes a lock, or makes it; what others change meanwhile is kept (see `lock.merged`).

    Args:
        path: the file.
        make: makes the new lock of the old one; it may take its time.

    Returns:
        What was there, and what is there now.

    Raises:
        InvalidLock: it is no lock, or cannot be written; it is as it was then.
    """
    base = read_if_there(path)
    made = make(base or Lock())
    target = os.path.realpath(path)
    try:
        with atomic.locked(os.path.dirname(target)):
            there = read_if_there(path)
            now = merge_locks(base or Lock(), made, there or Lock())
            atomic.remove_partial(target)
            if there is None or encode(now) != encode(there):
                atomic.replace(target, encode(now))
    except OSError as error:
        raise InvalidLock(f"{os.fspath(path)} cannot be written: {error.strerror or error}.") from error
    return base or Lock(), now


def encode(lock: Lock) -> bytes:
    """Returns a lock as it is written."""
    content = {"version": LOCK_VERSION, "images": [_as_data(entry) for entry in lock.entries]}
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def decode(content: bytes) -> Lock:
    """Reads what `encode` wrote, in any order and layout.

    Raises:
        InvalidLock: it is something else.
    """
    if len(content) > LARGEST:
        raise InvalidLock(f"it is larger than {LARGEST} bytes, so it is no lock.")
    try:
        data = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_without_repeats)
    except UnicodeDecodeError as error:
        raise InvalidLock("it is not UTF-8, so it is no lock.") from error
    except (ValueError, RecursionError) as error:
        if b"\n<<<<<<<" in b"\n" + content:
            raise InvalidLock(
                "git left a conflict in it. Take either side, then run: cgr-images lock; or let git merge it next time, by"
                " cgr-images merge."
            ) from error
        raise InvalidLock(f"it is not JSON ({error or 'it is nested too deep'}). Take it back from git.") from error
    if not isinstance(data, dict) or "version" not in data:
        raise InvalidLock("it is no lock: it has no version.")
    if data["version"] != LOCK_VERSION or isinstance(data["version"], bool):
        raise InvalidLock(
            f"it is of version {redact(str(data['version']))}, and only {LOCK_VERSION} is known here. Use the version of"
            " pulumi-cgr that wrote it, or a newer one."
        )
    if set(data) != {"version", "images"} or not isinstance(data["images"], list):
        raise InvalidLock("it is no lock: it must hold version and images, a list, and nothing else.")
    return Lock.of(_entry(entry, number) for number, entry in enumerate(data["images"]))


def _as_data(entry: Entry) -> dict[str, Any]:
    return {
        "image": entry.image,
        **({"upstream": entry.upstream} if entry.upstream else {}),
        "rule": {name: entry.rule[name] for name in LOCKED_PARTS if name in entry.rule},
        **({"exclude": sorted(entry.exclude)} if entry.exclude else {}),
        "ref": entry.ref,
        "digest": entry.digest,
        "updated_at": str(entry.updated_at),
        "resolved": str(entry.resolved),
        "used": list(entry.used),
    }


def _entry(data: Any, number: int) -> Entry:
    where = f"images[{number}]"
    if not isinstance(data, dict):
        raise InvalidLock(f"{where} is no entry.")
    named = data.get("image")
    where = f"{where} ({named})" if isinstance(named, str) and named.isprintable() and len(named) < 300 else where
    strange = sorted({*_ALWAYS, *data} - set(_SOMETIMES) - (set(_ALWAYS) & set(data)))
    if strange:
        what = "lacks" if strange[0] in _ALWAYS else "has an unknown"
        raise InvalidLock(f"{where} {what} {redact(strange[0])}.")
    try:
        return _checked(data)
    except (TypeError, ValueError, InvalidArgument) as error:
        raise InvalidLock(f"{where}: {error}") from error


def _checked(data: Mapping[str, Any]) -> Entry:
    """Reads an entry.

    Raises:
        TypeError, ValueError, InvalidArgument: a value is malformed, or does not belong to the others.
    """
    image, rule, upstream = data["image"], data["rule"], data.get("upstream")
    if not isinstance(rule, dict) or set(rule) - set(LOCKED_PARTS):
        raise ValueError(f"rule contains something else than {', '.join(LOCKED_PARTS)}.")
    query = Query.parse(image, _mirror(image, upstream), **rule)
    if query.reference.digest or lock_key(query).image != image:
        raise ValueError(f"image {redact(image)} is not repository:tag.")
    if lock_key(query).rule != json.dumps(rule, sort_keys=True):
        raise ValueError("rule is not written in its one form.")
    if not is_digest(data["digest"]):
        raise ValueError(f"digest {redact(str(data['digest']))} is malformed.")
    if data["ref"] != f"{image}@{data['digest']}":
        raise ValueError(f"ref {redact(str(data['ref']))} is not the image with its digest.")
    updated_at, resolved = _instant(data, "updated_at"), _instant(data, "resolved")
    if updated_at > resolved or ("at" in rule and updated_at > Instant.parse(rule["at"])):
        raise ValueError(f"updated_at {updated_at} is later than the instant at which it was resolved.")
    exclude = _texts(data, "exclude")
    if not all(map(is_digest, exclude)) or data["digest"] in (*exclude, *rule.get("exclude", ())):
        raise ValueError("exclude holds something that is no digest, or the digest itself.")
    used = tuple(sorted(_texts(data, "used")))
    return Entry(image, rule, data["digest"], updated_at, resolved, upstream, frozenset(exclude), used)


def _mirror(image: object, upstream: object) -> Mirrors | None:
    """Returns the mirrors by which an image was looked up elsewhere, if it was."""
    if upstream is None:
        return None
    return Mirrors(((parse_ref(image).repository, parse_ref(upstream).repository),))


def _instant(data: Mapping[str, Any], name: str) -> Instant:
    try:
        return Instant.parse(data[name])
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} {redact(str(data[name]))} is not an instant.") from error


def _texts(data: Mapping[str, Any], name: str) -> set[str]:
    texts = data.get(name, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        raise ValueError(f"{name} is no list of texts.")
    if _LONE_SURROGATE.search("".join(texts)):
        raise ValueError(f"{name} holds something that is no text.")
    return set(texts)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one place")
    return found
