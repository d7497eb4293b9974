# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action plugins share: they run on the controller, where the credentials are, and read their arguments alike."""

from __future__ import annotations

import os
from abc import abstractmethod
from typing import Any, Iterable, Mapping

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult
from ansible.plugins.action import ActionBase

from ansible_collections.cgr.images.plugins.module_utils._resolver.model.rule import RULE_NAMES
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import SETTINGS


class ImagesAction(ActionBase):
    """An action plugin that needs no connection; `arguments` is what `ArgumentSpecValidator` takes."""

    arguments: Mapping[str, Any] = {}

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Answers the task."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.update(self.run_task(self._params(task_vars or {}), task_vars))
        return result

    @abstractmethod
    def run_task(self, params: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Returns the result of the task.

        Args:
            params: the arguments, validated, and behind them the variables that stand for them.
            task_vars: the variables of the host.
        """

    def warn(self, warnings: Iterable[str]) -> None:
        """Shows what the user should mend, though there is a result."""
        for warning in warnings:
            self._display.warning(warning)

    def _params(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        given = {**self._from_variables(task_vars), **self._task.args}
        for name in (name for name in RULE_NAMES if name in given and given[name] in (None, "")):
            # `at:` with nothing behind it was meant to be an instant
            raise AnsibleActionFail(f"{self._task.action}: {name} is empty; leave it out if there is none")
        # Not `self.validate_argument_spec`, which shows all arguments, a token too, when one of them is wrong.
        validated = ArgumentSpecValidator(**self.arguments).validate(given)
        if validated.error_messages:
            raise AnsibleActionFail(f"{self._task.action}: {'; '.join(_in_words(validated))}")
        params: dict[str, Any] = validated.validated_parameters
        return {**params, "lock": self._lock(params["lock"])}

    def _lock(self, lock: str | None) -> str:
        """Returns where the lock is: where the files of a task are looked for, else beside the playbook."""
        path = os.environ.get("CGR_LOCK", "") if lock is None else lock
        if not path:
            return path
        try:
            found: str = self._find_needle("files", path)
        except AnsibleError:
            found = self._loader.path_dwim(path)
        return found

    def _from_variables(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        found = {
            each.name: _first(task_vars, each.names) for each in SETTINGS if not {*each.names} & {*self._task.args}
        }
        return {option: self._templar.template(value) for option, value in found.items() if value is not None}


def _in_words(validated: ValidationResult) -> list[str]:
    """Returns what is wrong with the arguments; one that does not exist may be why another is missing, so it comes first."""
    said = [str(error) for error in validated.error_messages]
    if validated.unsupported_parameters:
        said.insert(0, f"unsupported parameters: {said.pop()}")
    return said


def _first(task_vars: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((task_vars[f"cgr_{name}"] for name in names if task_vars.get(f"cgr_{name}") is not None), None)
