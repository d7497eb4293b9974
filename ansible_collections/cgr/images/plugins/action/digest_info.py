# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs digest_info on the controller, where the credentials are; or, if delegated, as a module on another host."""

from __future__ import annotations

from datetime import date
from typing import Any

from ansible.constants import LOCALHOST
from ansible.plugins.loader import lookup_loader

from ansible_collections.cgr.images.plugins.module_utils._digest_info import ARGUMENTS, look_up
from ansible_collections.cgr.images.plugins.plugin_utils._action import ImagesAction
from ansible_collections.cgr.images.plugins.plugin_utils._run import run_cache

# The controller imports this before it forks, and a lookup only in each fork: a playbook that uses both gets the lookups here,
# once and for all.
for _lookup in ("cgr.images.digest", "cgr.images.ref"):
    lookup_loader.get(_lookup)


class ActionModule(ImagesAction):
    """The action plugin of digest_info."""

    arguments = ARGUMENTS

    def run_task(self, params: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Returns the result of the task."""
        # A lock is on the controller, and there is nothing to ask of anybody.
        if self._task.delegate_to and self._task.delegate_to not in LOCALHOST and not params["lock"]:
            result: dict[str, Any] = self._execute_module(module_args=_portable(params), task_vars=task_vars)
            return result
        found, warnings = look_up(params, self._display.vvv, run_cache(params["timeout"]))
        self.warn(warnings)
        return found


def _portable(params: dict[str, Any]) -> dict[str, Any]:
    """Returns the arguments as they can be sent to a module: without what was not given, and dates as text."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in params.items()
        if value is not None
    }
