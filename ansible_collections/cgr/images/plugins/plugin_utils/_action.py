# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of the action plugins: they run on the controller, where the credentials are, and read arguments in the same way."""

from __future__ import annotations

import os
from abc import abstractmethod
from importlib import import_module
from typing import Any, Mapping

from ansible.constants import LOCALHOST
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult
from ansible.plugins.action import ActionBase

from ansible_collections.cgr.images.plugins.module_utils._digest_info import failed
from ansible_collections.cgr.images.plugins.module_utils._options import RULE_OPTIONS, SETTING_OPTIONS
from ansible_collections.cgr.images.plugins.module_utils._resolver.border import border
from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import CgrError, InvalidArgument
from ansible_collections.cgr.images.plugins.plugin_utils._arguments import (
    Options,
    environment_warning,
    lock_of,
    read_options,
    reject_missing_lock,
    unreachable_variables,
)
from ansible_collections.cgr.images.plugins.plugin_utils._lookup import to_builtin
from ansible_collections.cgr.images.plugins.plugin_utils._variables import VARIABLES

# The controller imports this before it forks, and what a resolver imports late would be imported in each fork.
import_module("ansible_collections.cgr.images.plugins.module_utils._resolver.wiring")


class ImagesAction(ActionBase):
    """An action plugin that needs no connection; `arguments` is what `ArgumentSpecValidator` takes."""

    arguments: Mapping[str, Any] = {}

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Runs the task."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        try:
            with border(self._display.vvv, passing=(AnsibleError,)):
                params = self._validate()
                options = self._read_options(task_vars or {})
                result.update(self.run_task({**params, **options.rule, **options.settings}, options, task_vars))
        except CgrError as error:
            result.update(failed(error))
        return result

    @abstractmethod
    def run_task(self, params: dict[str, Any], options: Options, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Returns the result of the task.

        Args:
            params: the arguments, validated, and the variables that stand for arguments that are not given.
            options: those that are the rule and the settings, and the present of the run.
            task_vars: the variables of the host.

        Raises:
            CgrError: the task fails.
        """

    @property
    def is_delegated(self) -> bool:
        """Whether the task is delegated to another host than the controller."""
        return bool(self._task.delegate_to) and self._task.delegate_to not in LOCALHOST

    def warn(self, warnings: list[str]) -> None:
        """Shows what the user should look at, although there is a result."""
        for warning in warnings:
            self._display.warning(warning)

    def _validate(self) -> dict[str, Any]:
        """Returns the arguments; the values of the rule and of the settings are read elsewhere.

        Raises:
            InvalidArgument: an argument does not exist, is missing, or excludes another.
        """
        # Not `self.validate_argument_spec`, which shows all arguments, a token too, when one of them is wrong.
        read_elsewhere = {**RULE_OPTIONS, **SETTING_OPTIONS, "image": {}}
        spec = {
            name: {"type": "raw", "aliases": each.get("aliases", [])} if name in read_elsewhere else each
            for name, each in self.arguments["argument_spec"].items()
        }
        rules = {
            name: each for name, each in self.arguments.items() if name in ("mutually_exclusive", "required_one_of")
        }
        validated = ArgumentSpecValidator(spec, **rules).validate(dict(self._task.args))
        if validated.error_messages:
            raise InvalidArgument(f"{self._task.action}: {'; '.join(_sentences(validated))}", "")
        params: dict[str, Any] = to_builtin(validated.validated_parameters)
        return params

    def _read_options(self, variables: Mapping[str, Any]) -> Options:
        environment: Mapping[str, str] = {} if self.is_delegated else os.environ
        if not self.is_delegated and (names := unreachable_variables(self._task.environment)):
            self.warn([environment_warning(self._task.action, names)])
        filled = {name: self._templar.template(variables[name]) for name in VARIABLES if name in variables}
        options = read_options(self._task.args, filled, environment)
        lock = self._find_lock(lock_of(self._task.args, filled, environment))
        return options._replace(settings={**options.settings, "lock": lock})

    def _find_lock(self, written: str) -> str:
        """Returns where the lock file is; the empty text for none."""
        if not written:
            return written
        try:
            path: str = self._find_needle("files", written)
        except AnsibleError:
            path = self._loader.path_dwim(written)
        reject_missing_lock(path, written)
        return path


def _sentences(validated: ValidationResult) -> list[str]:
    """Returns the errors; an argument that does not exist comes first, because it may be why another is missing."""
    sentences = [str(error) for error in validated.error_messages]
    if validated.unsupported_parameters:
        sentences.insert(0, f"unsupported parameters: {sentences.pop()}")
    return sentences
