# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs digest_info on the controller, where the credentials are; or, if delegated, as a module on another host."""

from __future__ import annotations

from datetime import date
from typing import Any

from ansible.constants import LOCALHOST
from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult
from ansible.plugins.action import ActionBase

from ansible_collections.cgr.images.plugins.module_utils._digest_info import ARGUMENTS, look_up
from ansible_collections.cgr.images.plugins.module_utils._resolver.question import RULES
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import NAMES
from ansible_collections.cgr.images.plugins.plugin_utils._run import run_memory


class ActionModule(ActionBase):
    """The action plugin of digest_info."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Answers the task."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        params = self._params(task_vars or {})
        if self._task.delegate_to and self._task.delegate_to not in LOCALHOST:
            result.update(self._execute_module(module_args=_portable(params), task_vars=task_vars))
        else:
            result.update(self._look_up(params))
        return result

    def _look_up(self, params: dict[str, Any]) -> dict[str, Any]:
        found, warnings = look_up(params, self._display.vvv, run_memory())
        for warning in warnings:
            self._display.warning(warning)
        return found

    def _params(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Returns the arguments of the task, validated, and behind them the variables that stand for them."""
        given = {**self._from_variables(task_vars), **self._task.args}
        for name in (name for name in RULES if name in given and given[name] in (None, "")):
            # `at:` with nothing behind it was meant to be an instant
            raise AnsibleActionFail(f"{self._task.action}: {name} is empty; leave it out if there is none")
        # Not `self.validate_argument_spec`, which shows all arguments, a token too, when one of them is wrong.
        validated = ArgumentSpecValidator(**ARGUMENTS).validate(given)
        if validated.error_messages:
            raise AnsibleActionFail(f"{self._task.action}: {'; '.join(_in_words(validated))}")
        params: dict[str, Any] = validated.validated_parameters
        return params

    def _from_variables(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        found = {option: task_vars.get(f"cgr_{option}") for option in NAMES}
        return {option: self._templar.template(value) for option, value in found.items() if value is not None}


def _in_words(validated: ValidationResult) -> list[str]:
    """Returns what is wrong with the arguments; one that does not exist may be why another is missing, so it comes first."""
    said = [str(error) for error in validated.error_messages]
    if validated.unsupported_parameters:
        said.insert(0, f"unsupported parameters: {said.pop()}")
    return said


def _portable(params: dict[str, Any]) -> dict[str, Any]:
    """Returns the arguments as they can be sent to a module: without what was not given, and dates as text."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in params.items()
        if value is not None
    }
