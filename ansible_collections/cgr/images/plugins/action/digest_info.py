# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs digest_info on the controller, where the credentials are; or, if delegated, as a module on another host."""

from __future__ import annotations

from datetime import date
from typing import Any, Mapping

from ansible.plugins.loader import lookup_loader

from ansible_collections.cgr.images.plugins.module_utils._digest_info import ARGUMENTS, look_up, reject_malformed
from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import InvalidArgument
from ansible_collections.cgr.images.plugins.plugin_utils._action import ImagesAction
from ansible_collections.cgr.images.plugins.plugin_utils._arguments import PRESENT_VARIABLE, Options
from ansible_collections.cgr.images.plugins.plugin_utils._run import run_cache, run_present

# The controller imports this before it forks, and a lookup only in each fork.  A playbook that uses both loads the lookups
# here, once for all forks.
for _lookup in ("cgr.images.digest", "cgr.images.ref"):
    lookup_loader.get(_lookup)


class ActionModule(ImagesAction):
    """The action plugin of digest_info."""

    arguments = ARGUMENTS

    def run_task(self, params: dict[str, Any], options: Options, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Returns the result of the task."""
        # A lock file is on the controller, and needs no host.
        if self.is_delegated and not params["lock"]:
            return self._run_on_host(params, options, task_vars)
        cache = run_cache(params["timeout"])
        result, warnings = look_up(params, self._display.vvv, cache, run_present(options.present))
        self.warn(warnings)
        return result

    def _run_on_host(
        self, params: dict[str, Any], options: Options, task_vars: dict[str, Any] | None
    ) -> dict[str, Any]:
        reject_malformed(params)
        if options.present and "at" not in options.rule:
            raise InvalidArgument(
                f"{PRESENT_VARIABLE} counts on the controller only: remove delegate_to, or give 'at'.", PRESENT_VARIABLE
            )
        result: dict[str, Any] = self._execute_module(module_args=_to_portable(params), task_vars=task_vars)
        return result


def _to_portable(value: Any) -> Any:
    """Returns arguments as they can be sent to a module: without those that are not given, and dates as text."""
    if isinstance(value, Mapping):
        return {name: _to_portable(entry) for name, entry in value.items() if entry is not None}
    if isinstance(value, list):
        return [_to_portable(entry) for entry in value]
    return value.isoformat() if isinstance(value, date) else value
