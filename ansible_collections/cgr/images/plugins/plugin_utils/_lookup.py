# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the lookups that every use needs; a use whose query was resolved before in this run needs no other.

Every use on every host is a process of its own, which imports all anew, and Ansible compiles each file of a collection each
time.  So such a use reads its result from the file that the first one left, and imports nothing else of this collection.
For the same reason the options are documented in files beside the lookups, which Ansible does not read when it loads them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

from ansible import constants
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ansible_collections.cgr.images.plugins.plugin_utils._variables import VARIABLES

RUN_DIRECTORY = "cgr-images"
"""The directory of this collection in the temporary directory of a run."""
LONGEST_TURN = 30.0
"""After so many seconds, the resolver decides how long to wait for another process."""

display = Display()


class ImagesLookup(LookupBase):
    """A lookup whose terms are images; `value` names what it returns of each."""

    value = ""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Returns one value for each image, in their order."""
        variables = variables or {}
        images = [to_builtin(term) for term in _flatten(terms) if not _is_omitted(term)]
        options = {name: to_builtin(value) for name, value in kwargs.items() if not _is_omitted(value)}
        settings = {
            name: to_builtin(self._templar.template(variables[name])) for name in VARIABLES if name in variables
        }
        lock = self._find_lock(
            _first(options.get("lock"), settings.get("cgr_lock"), os.environ.get("CGR_LOCK")), variables
        )
        key = _key([images, options, settings, lock, _content(lock)])
        found = _read(key)
        if found is None:
            with _turn(key):  # of many forks that use the same at once, one imports the resolver
                found = _read(key) or _resolve(key, images, options, settings, lock, variables.get("environment"))
        for warning in found["warnings"]:
            display.warning(warning)
        return list(found[self.value])

    def _find_lock(self, written: str, variables: Mapping[str, Any]) -> str:
        """Returns where the lock file is: where the files of a task are searched, else beside the playbook."""
        if not written:
            return ""
        found = self.find_file_in_search_path(variables, "files", written, ignore_missing=True)
        return str(found or self._loader.path_dwim(written))


def to_builtin(value: Any) -> Any:
    """Returns data without Ansible's own types, of which a container may hold templates that are not filled in yet."""
    if isinstance(value, Mapping):
        return {str(key): to_builtin(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [to_builtin(entry) for entry in value]
    return str(value) if isinstance(value, str) else value


def _is_omitted(value: Any) -> bool:
    """Whether it is what `default(omit)` returns, which ansible-core removes from tasks only and does not make public."""
    return type(value).__name__ == "_OmitType"


def _flatten(terms: list[Any]) -> Iterator[Any]:
    for term in terms:
        if isinstance(term, (list, tuple)):
            yield from _flatten(list(term))
        else:
            yield term


def _first(*values: Any) -> str:
    return str(next((value for value in values if value is not None), "")).strip()


def _content(path: str) -> str:
    """Returns a digest of a lock file, which another task may change."""
    try:
        with open(path, "rb") as stream:
            return hashlib.sha256(stream.read()).hexdigest()
    except OSError:
        return ""


def _key(asked: list[Any]) -> dict[str, str]:
    """Returns the key of a query in the cache of the run: a digest, because a part of it may be a secret."""
    text = json.dumps(asked, sort_keys=True, default=lambda value: [type(value).__name__, str(value)])
    return {"lookup": hashlib.sha256(text.encode()).hexdigest()}


def _resolve(key: dict[str, str], *terms: Any) -> Any:
    from ansible_collections.cgr.images.plugins.plugin_utils._terms import Terms, resolve_terms

    return resolve_terms(Terms(*terms), key)


@contextlib.contextmanager
def _turn(key: dict[str, str]) -> Iterator[None]:
    """Waits while another process resolves the same, for as long as that may take."""
    directory = os.path.join(constants.DEFAULT_LOCAL_TMP, RUN_DIRECTORY)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    turn = os.open(os.path.join(directory, f"{key['lookup']}.turn"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    end = time.monotonic() + LONGEST_TURN
    try:
        while time.monotonic() < end:
            try:
                fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.01)
        yield
    finally:
        os.close(turn)


def _read(key: dict[str, str]) -> Any:
    """Returns what `FileCache` wrote for a key; `None` if there is nothing that can be read."""
    name = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    try:
        with open(os.path.join(constants.DEFAULT_LOCAL_TMP, RUN_DIRECTORY, f"{name}.json"), encoding="utf-8") as stream:
            kept = json.load(stream)
        return kept["data"] if kept["key"] == key else None
    except (OSError, ValueError, KeyError):
        return None
