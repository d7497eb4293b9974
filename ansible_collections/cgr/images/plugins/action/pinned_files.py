# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs pinned_files on the controller, where the files and the credentials are."""

from __future__ import annotations

from typing import Any

from ansible.constants import LOCALHOST
from ansible.errors import AnsibleActionFail

from ansible_collections.cgr.images.plugins.module_utils._pinned_files import ARGUMENTS, pin
from ansible_collections.cgr.images.plugins.plugin_utils._action import ImagesAction
from ansible_collections.cgr.images.plugins.plugin_utils._run import run_cache


class ActionModule(ImagesAction):
    """The action plugin of pinned_files."""

    arguments = ARGUMENTS

    def run_task(self, params: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Returns the result of the task."""
        if self._task.delegate_to and self._task.delegate_to not in LOCALHOST:
            raise AnsibleActionFail(f"{self._task.action} changes files on the controller only; take delegate_to away")
        diff: list[dict[str, str]] = []

        def keep(path: str, before: str, after: str) -> None:
            diff.append({"before_header": path, "after_header": path, "before": before, "after": after})

        paths = [self._loader.path_dwim(path) for path in params["paths"]]
        on_change = keep if self._task.diff else None
        result, warnings = pin(
            params, paths, self._task.check_mode, on_change, self._display.vvv, run_cache(params["timeout"])
        )
        self.warn(warnings)
        return {**result, "diff": diff} if self._task.diff else result
