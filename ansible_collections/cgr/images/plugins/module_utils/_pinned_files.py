# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments and the work of the module `pinned_files`, shared by the module and its action plugin."""

from __future__ import annotations

from typing import Any, Mapping

from ._digest_info import failed, telling
from ._files.pin import FILE_RULES, pin_files
from ._files.pinner import OnChange
from ._files.report import Report
from ._files.status import NOT_DONE, SKIPPED_SOME, exit_status, skipped
from ._options import RULE_OPTIONS, SETTING_OPTIONS, SETTINGS_REQUIRED_TOGETHER, given
from ._resolver.border import border, log_debug
from ._resolver.cache.cache import Cache
from ._resolver.cache.present import RunPresent
from ._resolver.errors import CgrError
from ._resolver.resolve.access import Trace
from ._resolver.resolver import Resolver

ARGUMENTS: dict[str, Any] = {
    "argument_spec": {
        "paths": {"type": "list", "elements": "path", "required": True},
        "patterns": {"type": "list", "elements": "str"},
        "exclude_patterns": {"type": "list", "elements": "str"},
        "gitignore": {"type": "bool", "default": True},
        "strict": {"type": "bool", "default": False},
        **{name: RULE_OPTIONS[name] for name in FILE_RULES},
        **SETTING_OPTIONS,
    },
    "required_together": SETTINGS_REQUIRED_TOGETHER,
}


def pin(
    params: Mapping[str, Any],
    paths: list[str],
    check: bool,
    on_change: OnChange | None = None,
    trace: Trace | None = None,
    run_cache: Cache | None = None,
    present: RunPresent | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """Does a task.

    Args:
        params: the arguments of the task, validated against `ARGUMENTS`.
        paths: its paths, as they are to be opened.
        check: whether to write nothing.
        on_change: see `pin_files`.
        trace: see `Resolver`; it also gets the progress of large sets.
        run_cache, present: see `Resolver`.

    Returns:
        The result of the task: the report, and `exit_status`, that of the command.  If something could not be done, also
        `failed` and the sentence `msg`; without a report, the word `error_code` as well.  And the warnings to show.
    """
    rule = given(params, dict.fromkeys(FILE_RULES))
    try:
        with border(trace or log_debug):
            resolver = Resolver(trace=trace, run_cache=run_cache, present=present, **given(params, SETTING_OPTIONS))
            report = pin_files(
                resolver,
                paths,
                patterns=params["patterns"],
                exclude_patterns=params["exclude_patterns"],
                gitignore=params["gitignore"],
                rule=rule,
                check=check,
                progress=telling(trace),
                on_change=on_change,
            )
    except CgrError as error:
        return failed(error), []
    result = {**report.to_dict(), "exit_status": exit_status(report, check, params["strict"])}
    warnings = result.pop("warnings")
    return {**result, **_failure(report, result["exit_status"])}, warnings


def _failure(report: Report, status: int) -> dict[str, Any]:
    """Returns what makes a task fail; nothing if it does not."""
    if status == NOT_DONE:
        return {"failed": True, "msg": "; ".join(f"{problem}" for problem in report.problems)}
    if status == SKIPPED_SOME:
        rows = "; ".join(f"{row.file}:{row.line} {row.image}: {row.reason}" for row in skipped(report))
        return {"failed": True, "msg": f"strict allows no image to be skipped: {rows}"}
    return {}
