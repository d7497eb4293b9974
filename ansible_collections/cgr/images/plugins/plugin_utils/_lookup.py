# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lookups share: each answers one value of the same answers.

Every use on every host is a process of its own, which imports all anew, and Ansible compiles each file of a collection each
time.  So what was answered in this run is kept word for word, and the resolver is imported only by the first who asks.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ansible_collections.cgr.images.plugins.module_utils._resolver.border import border
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.cache import CacheEntry, CacheKey, Codec
from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import CgrError
from ansible_collections.cgr.images.plugins.plugin_utils._run import run_cache

display = Display()

CREDENTIALS = frozenset({"token", "username", "password", "identity", "identity_token", "identity_token_file"})


class ImagesLookup(LookupBase):
    """A lookup whose terms are images; `value` names what it answers of each."""

    value = ""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Answers one value for each image, in their order."""
        self.set_options(var_options=self._filled_in(variables or {}), direct=kwargs)
        self._refuse_slips(terms, kwargs)
        try:
            with border(display.vvv):
                lock = self._lock(self.get_option("lock"), variables)
                found = (
                    run_cache(self.get_option("timeout"))
                    .get_or_set(self._asked(terms, lock), lambda: self._compute(terms, lock), _codec(len(terms)))
                    .value
                )
        except CgrError as error:
            raise AnsibleLookupError(str(error)) from None  # core would join the cause, the same sentence again
        for warning in found["warnings"]:
            display.warning(warning)
        return list(found["values"])

    def _filled_in(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Returns our variables with the templates in them filled in, which ansible-core does for tasks only."""
        return {name: self._templar.template(value) for name, value in variables.items() if name.startswith("cgr_")}

    def _asked(self, terms: list[Any], lock: str) -> CacheKey:
        """Returns what is asked, word for word; as a digest, for a word may be a secret that was put into a wrong option.

        A lock counts by what is in it: another task may change it.
        """
        options = {name: value for name, value in self.get_options().items() if name not in CREDENTIALS}
        if lock:
            with contextlib.suppress(OSError):  # the resolver says so
                options["lock"] = [lock, hashlib.sha256(Path(lock).read_bytes()).hexdigest()]
        words = json.dumps(_plain({**options, "_terms": terms}), sort_keys=True)
        return {"lookup": self.value, "count": len(terms), "asked": hashlib.sha256(words.encode()).hexdigest()}

    def _compute(self, terms: list[Any], lock: str) -> CacheEntry:
        from ansible_collections.cgr.images.plugins.module_utils._resolver.model.rule import RULE_NAMES
        from ansible_collections.cgr.images.plugins.module_utils._resolver.resolver import Resolver
        from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import SETTING_NAMES

        settings = {name: self.get_option(name) for name in SETTING_NAMES} | {"lock": lock}
        resolver = Resolver(**settings, trace=display.vvv, run_cache=run_cache(self.get_option("timeout")))
        rule = {name: self.get_option(name) for name in RULE_NAMES if self.get_option(name) is not None}
        if len(terms) == 1:
            resolutions = [resolver.resolve(terms[0], **rule)]
        else:
            images = {f"images[{number}]": image for number, image in enumerate(terms)}
            resolutions = list(resolver.resolve_all(images, **rule).resolutions.values())
        values = [str(getattr(resolution, self.value)) for resolution in resolutions]
        return CacheEntry(
            {"values": values, "warnings": [each for resolution in resolutions for each in resolution.warnings]}
        )

    def _lock(self, path: str | None, variables: dict[str, Any] | None) -> str:
        """Returns where the lock is: where the files of a task are looked for, else beside the playbook.

        No lock is the empty text: for the resolver, `None` would stand for what the environment says.
        """
        if not path:
            return ""
        found = self.find_file_in_search_path(variables, "files", path, ignore_missing=True)
        return str(found or self._loader.path_dwim(path))

    def _refuse_slips(self, terms: list[Any], kwargs: dict[str, Any]) -> None:
        """Refuses what ansible-core passes over in silence, though it would make another question of this one."""
        options = set(self.get_options()) - {"_terms"}
        if not terms:
            raise AnsibleLookupError("no image is given")
        if unknown := sorted(set(kwargs) - options):
            raise AnsibleLookupError(
                f"unsupported options: {', '.join(unknown)}; there are {', '.join(sorted(options))}"
            )
        for name in self._empty_rules(kwargs):
            raise AnsibleLookupError(f"{name} is empty; leave it out if there is none")

    def _empty_rules(self, kwargs: dict[str, Any]) -> list[str]:
        empty = [name for name in kwargs if kwargs[name] in (None, "")]
        if not empty:
            return []
        from ansible_collections.cgr.images.plugins.module_utils._resolver.model.rule import RULE_NAMES

        return [name for name in RULE_NAMES if name in empty]


def _codec(terms: int) -> Codec:
    def decode(data: Any) -> Any:
        texts = [*data["values"], *data["warnings"]]
        if len(data["values"]) != terms or not all(isinstance(text, str) for text in texts):
            raise ValueError("is not the result of a lookup")
        return data

    return Codec(lambda value: value, decode)


def _plain(value: Any) -> Any:
    """Returns data without Ansible's own kinds of values, of which a container may hold templates yet to be filled in."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(entry) for entry in value]
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)
