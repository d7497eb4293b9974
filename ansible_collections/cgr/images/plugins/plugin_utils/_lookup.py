# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lookups share: each answers one value of the same answers."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ansible_collections.cgr.images.plugins.module_utils._resolver.answer import Answer
from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import CgrError
from ansible_collections.cgr.images.plugins.module_utils._resolver.question import RULES
from ansible_collections.cgr.images.plugins.module_utils._resolver.resolver import Resolver
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import NAMES
from ansible_collections.cgr.images.plugins.plugin_utils._run import run_memory

display = Display()


class ImagesLookup(LookupBase):
    """A lookup whose terms are images; `value` names what it answers of each."""

    value = ""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Answers one value for each image, in their order."""
        self.set_options(var_options=variables, direct=kwargs)
        self._refuse_slips(terms, kwargs)
        try:
            answers = self._answers(terms, variables)
        except CgrError as error:
            raise AnsibleLookupError(str(error)) from None  # core would join the cause, the same sentence again
        for warning in (warning for answer in answers for warning in answer.warnings):
            display.warning(warning)
        return [str(getattr(answer, self.value)) for answer in answers]

    def _answers(self, terms: list[Any], variables: dict[str, Any] | None) -> list[Answer]:
        settings = {name: self.get_option(name) for name in NAMES}
        if settings["lock"]:
            settings["lock"] = self._lock(settings["lock"], variables)
        resolver = Resolver(**settings, trace=display.vvv, memory=run_memory())
        rule = {name: self.get_option(name) for name in RULES if self.get_option(name) is not None}
        if len(terms) == 1:
            return [resolver.resolve(terms[0], **rule)]
        found = resolver.resolve_all({f"images[{number}]": image for number, image in enumerate(terms)}, **rule)
        return list(found.answers.values())

    def _lock(self, path: str, variables: dict[str, Any] | None) -> str:
        """Returns where the lock is: where the files of a task are looked for, else beside the playbook."""
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
        for name in (name for name in RULES if name in kwargs and kwargs[name] in (None, "")):
            raise AnsibleLookupError(f"{name} is empty; leave it out if there is none")
