# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs pinned_files on the controller, where the files and the credentials are."""

from __future__ import annotations

from typing import Any

from ansible.constants import DEFAULT_LOCAL_TMP, LOCALHOST
from ansible.errors import AnsibleActionFail

from ansible_collections.cgr.images.plugins.module_utils._files.atomic import locked
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

        on_change = keep if self._task.diff else None
        # The hosts of a play wait for one another, so that the second to pin a file finds it pinned.
        with locked(DEFAULT_LOCAL_TMP):
            result, warnings = pin(
                params, self._paths(params), self._task.check_mode, on_change, self._display.vvv, run_cache()
            )
        self.warn(warnings)
        return {**result, "diff": diff} if self._task.diff else result

    def _paths(self, params: dict[str, Any]) -> list[str]:
        """Returns the paths as they are to be opened; an empty one would be the folder of the playbook."""
        given = self._task.args["paths"]
        items = given if isinstance(given, (list, tuple)) else [given]
        if not all(str("" if path is None else path).strip() for path in (*items, *params["paths"])):
            raise AnsibleActionFail(f"{self._task.action}: paths holds an empty path; name a file or a folder")
        return [self._loader.path_dwim(path) for path in params["paths"]]
