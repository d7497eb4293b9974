# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The lock file's format: JSON with one line for each value, and the same bytes for the same entries.

The fields that change with a pin are in the middle of an entry, and the others around them.  So the changes of two people to
different images are never on neighbouring lines, and git merges them.  docs/reference/cgr.lock.schema.json describes the format.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
from typing import Any, Mapping

from .._resolver.errors import InvalidArgument, InvalidLock
from .._resolver.model.grammar import is_digest
from .._resolver.model.instant import Instant
from .._resolver.model.mirrors import Mirrors
from .._resolver.model.query import Query
from .._resolver.model.reference import parse_ref
from .._resolver.model.rule import PARTS
from .._resolver.model.signature import Signature
from .._resolver.redaction import redact
from .model import LOCK_FILE_NAME, LOCK_VERSION, LOCK_VERSION_2, Entry, Lock, lock_key

LARGEST = 64 * 1024 * 1024
_ALWAYS = ("image", "rule", "ref", "digest", "updated_at", "resolved", "used")
_SOMETIMES = ("upstream", "exclude", "named", "index", "created", "signed")
LOCKED_PARTS = tuple(part.name for part in PARTS if part.is_locked)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def read_lock(path: str | os.PathLike[str]) -> Lock:
    """Reads a lock file.

    Args:
        path: the file.

    Raises:
        InvalidLock: it is missing, cannot be read, or is not valid.
    """
    lock = read_if_there(path)
    if lock is None:
        command = f"cgr-images lock IMAGE{_lock_option(path)}"
        raise InvalidLock(f"{os.fspath(path)}: the file does not exist. Create it: {command}")
    return lock


def read_if_there(path: str | os.PathLike[str]) -> Lock | None:
    """Reads a lock file; returns `None` if it does not exist.  Raises what `read_lock` does."""
    content = read_content(path)
    return None if content is None else decode_file(path, content)


def read_content(path: str | os.PathLike[str]) -> bytes | None:
    """Returns the content of a lock file, or `None` if it does not exist.

    Raises:
        InvalidLock: it cannot be read.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would be waited for without end
            raise InvalidLock(f"{os.fspath(path)} is not a regular file. Name a lock file.")
        with open(path, "rb") as stream:
            return stream.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidLock(f"{os.fspath(path)} cannot be read: {error.strerror}.") from error


def decode_file(path: str | os.PathLike[str], content: bytes) -> Lock:
    """Decodes the content of a file; the message of an error begins with the file's name."""
    try:
        return decode(content)
    except InvalidLock as error:
        message = conflict_message(path) if has_conflict(content) else f"{os.fspath(path)}: {error}"
        raise InvalidLock(message) from error.__cause__


def conflict_message(path: str | os.PathLike[str]) -> str:
    """Returns the message about a lock file in which git left a conflict, with the command that resolves it."""
    return f"{os.fspath(path)}: git left a conflict in it. Resolve it: cgr-images lock{_lock_option(path)}"


def _lock_option(path: str | os.PathLike[str]) -> str:
    name = os.fspath(path)
    return "" if name == LOCK_FILE_NAME else f" --lock {shlex.quote(name)}"


def encode(lock: Lock) -> bytes:
    """Returns a lock as it is written to the file."""
    version = LOCK_VERSION_2 if any(entry.needs_version_2 for entry in lock.entries) else LOCK_VERSION
    return _text({"version": version, "images": [_to_data(entry) for entry in lock.entries]}).encode()


def encode_entry(entry: Entry) -> str:
    """Returns the lines of an entry as they are in the file, without a comma behind it."""
    return "".join(f"    {line}\n" for line in _text(_to_data(entry)).splitlines())


def has_conflict(content: bytes) -> bool:
    """Whether git left conflict markers in the content of a lock file."""
    return b"\n<<<<<<<" in b"\n" + content


def decode(content: bytes) -> Lock:
    """Decodes what `encode` returned, in any order and layout.  An empty file is an empty lock.

    Raises:
        InvalidLock: it is not a valid lock.
    """
    if len(content) > LARGEST:
        raise InvalidLock(f"it is larger than {LARGEST} bytes, so it is not a lock file.")
    if not content.strip():
        return Lock()
    data = _parse_json(content)
    if not isinstance(data, dict) or "version" not in data:
        raise InvalidLock("it is not a lock file: it has no version.")
    if data["version"] not in (LOCK_VERSION, LOCK_VERSION_2) or isinstance(data["version"], bool):
        raise InvalidLock(
            f"it has version {redact(str(data['version']))}, and only {LOCK_VERSION} and {LOCK_VERSION_2} are"
            " supported here. Use the version of pulumi-cgr that wrote it, or a newer one."
        )
    if set(data) != {"version", "images"} or not isinstance(data["images"], list):
        raise InvalidLock("it is not a lock file: it must contain version and images, a list, and nothing else.")
    lock = Lock.of(_entry(entry, number) for number, entry in enumerate(data["images"]))
    newer = next((entry for entry in lock.entries if entry.needs_version_2), None)
    if newer and data["version"] == LOCK_VERSION:
        raise InvalidLock(f"it has version {LOCK_VERSION}, which cannot hold the rule of {newer.image}.")
    return lock


def _parse_json(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_without_repeats)
    except UnicodeDecodeError as error:
        raise InvalidLock("it is not UTF-8, so it is not a lock file.") from error
    except (ValueError, RecursionError) as error:
        if has_conflict(content):
            raise InvalidLock("git left a conflict in it. Resolve it: cgr-images lock") from error
        raise InvalidLock(f"it is not JSON ({error or 'it is nested too deep'}). Restore it from git.") from error


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _to_data(entry: Entry) -> dict[str, Any]:
    return {
        "image": entry.image,
        **({"upstream": entry.upstream} if entry.upstream else {}),
        "rule": {name: entry.rule[name] for name in LOCKED_PARTS if name in entry.rule},
        **({"exclude": sorted(entry.exclude)} if entry.exclude else {}),
        "ref": entry.ref,
        "digest": entry.digest,
        **({"index": entry.index} if entry.index else {}),
        **({"created": str(entry.created)} if entry.created else {}),
        **({"signed": entry.signed.to_dict()} if entry.signed else {}),
        "updated_at": str(entry.updated_at),
        "resolved": str(entry.resolved),
        "used": list(entry.used),
        "named": entry.named,
    }


def _entry(data: Any, number: int) -> Entry:
    where = f"images[{number}]"
    if not isinstance(data, dict):
        raise InvalidLock(f"{where} is not an entry.")
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
    index, created = data.get("index"), _instant(data, "created") if "created" in data else None
    if bool(index) != ("platform" in rule) or (index is not None and not is_digest(index)):
        raise ValueError("index is not the digest that belongs to its platform.")
    if created and not index:
        raise ValueError("created is given without a platform.")
    signed = _signature(data["signed"]) if "signed" in data else None
    if bool(signed) != ("signed" in rule):
        raise ValueError("signed says who signed the digest, if the rule has signed, and only then.")
    if updated_at > resolved or ("at" in rule and updated_at > Instant.parse(rule["at"])):
        raise ValueError(f"updated_at {updated_at} is later than the instant at which it was resolved.")
    exclude = _texts(data, "exclude")
    if not all(map(is_digest, exclude)) or (index or data["digest"]) in (*exclude, *rule.get("exclude", ())):
        raise ValueError("exclude contains something that is not a digest, or the digest itself.")
    used = tuple(sorted(_texts(data, "used")))
    named = data.get("named", not used)  # without it: what no file ever used was named
    if not isinstance(named, bool):
        raise ValueError("named is neither true nor false.")
    pin = (data["digest"], updated_at, resolved, upstream)
    return Entry(image, rule, *pin, frozenset(exclude), used, named, index, created, signed)


def _mirror(image: object, upstream: object) -> Mirrors | None:
    """Returns the mirrors by which an image was looked up in another repository, if it was."""
    if upstream is None:
        return None
    return Mirrors(((parse_ref(image).repository, parse_ref(upstream).repository),))


def _instant(data: Mapping[str, Any], name: str) -> Instant:
    try:
        return Instant.parse(data[name])
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} {redact(str(data[name]))} is not an instant.") from error


def _signature(data: Any) -> Signature:
    try:
        signature = Signature.from_dict(data)
    except (TypeError, ValueError, KeyError) as error:
        raise ValueError("signed is not a signature.") from error
    if signature.to_dict() != data:
        raise ValueError("signed is not written in its one form.")
    return signature


def _texts(data: Mapping[str, Any], name: str) -> set[str]:
    texts = data.get(name, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        raise ValueError(f"{name} is not a list of texts.")
    if _LONE_SURROGATE.search("".join(texts)):
        raise ValueError(f"{name} contains something that is not text.")
    return set(texts)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is twice in one place")
    return found
