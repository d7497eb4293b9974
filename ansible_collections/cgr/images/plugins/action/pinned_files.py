# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs pinned_files on the controller, where the files and the credentials are."""

from __future__ import annotations

from typing import Any

from ansible.constants import DEFAULT_LOCAL_TMP

from ansible_collections.cgr.images.plugins.module_utils._files.atomic import locked
from ansible_collections.cgr.images.plugins.module_utils._pinned_files import ARGUMENTS, pin
from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import InvalidArgument
from ansible_collections.cgr.images.plugins.plugin_utils._action import ImagesAction
from ansible_collections.cgr.images.plugins.plugin_utils._arguments import Options
from ansible_collections.cgr.images.plugins.plugin_utils._run import run_cache, run_present


class ActionModule(ImagesAction):
    """The action plugin of pinned_files."""

    arguments = ARGUMENTS

    def run_task(self, params: dict[str, Any], options: Options, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Returns the result of the task."""
        if self.is_delegated:
            raise InvalidArgument("pinned_files changes files on the controller only: remove delegate_to.", "")
        diff: list[dict[str, str]] = []

        def keep(path: str, before: str, after: str) -> None:
            diff.append({"before_header": path, "after_header": path, "before": before, "after": after})

        # The hosts of a play wait for each other, so the second one to pin a file finds it pinned.
        with locked(DEFAULT_LOCAL_TMP):
            result, warnings = pin(
                params,
                self._paths(params),
                self._task.check_mode,
                keep if self._task.diff else None,
                self._display.vvv,
                run_cache(params["timeout"]),
                run_present(options.present),
            )
        self.warn(warnings)
        return {**result, "diff": diff} if self._task.diff else result

    def _paths(self, params: dict[str, Any]) -> list[str]:
        """Returns the paths as they are to be opened; an empty one would mean the directory of the playbook."""
        given = self._task.args["paths"]
        items = given if isinstance(given, (list, tuple)) else [given]
        if not all(str("" if path is None else path).strip() for path in (*items, *params["paths"])):
            raise InvalidArgument("paths contains an empty path: name a file or a directory.", "paths")
        return [self._loader.path_dwim(path) for path in params["paths"]]
