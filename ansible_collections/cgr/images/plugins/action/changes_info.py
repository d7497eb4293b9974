# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs changes_info on the controller, where the files and the credentials are."""

from __future__ import annotations

from typing import Any

from ansible_collections.cgr.images.plugins.module_utils._changes_info import ARGUMENTS, list_moves
from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import InvalidArgument
from ansible_collections.cgr.images.plugins.plugin_utils._action import ImagesAction
from ansible_collections.cgr.images.plugins.plugin_utils._arguments import Options
from ansible_collections.cgr.images.plugins.plugin_utils._run import run_cache


class ActionModule(ImagesAction):
    """The action plugin of changes_info."""

    arguments = ARGUMENTS

    def run_task(self, params: dict[str, Any], options: Options, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Returns the result of the task."""
        if self.is_delegated:
            raise InvalidArgument("changes_info runs on the controller only: remove delegate_to.", "")
        paths = [self._loader.path_dwim(path) for path in params["paths"] or []]
        result, warnings = list_moves(params, paths, self._display.vvv, run_cache(params["timeout"]))
        self.warn(warnings)
        return result
