# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images check`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from .._bridge import Lock, Progress, parse_duration, read_lock, redact
from ..lockfile.verify import Finding, check_online, check_signed
from ..lockfile.verify import check as check_offline
from ..resolver import CgrError, Instant, InvalidArgument, Resolver
from . import ci_reports, options, uses
from .decorators import takes_resolver
from .errors import refuse
from .lock_path import lock_of
from .merge import missing_driver
from .output import bar, print_error_text, print_json, print_text, say, show, warn, write
from .selection import ExcludePatterns, NoIgnore, Patterns

if TYPE_CHECKING:
    from ..files import Problem, ScanResult

NOT_CHECKED = 2

AskingCheck = Callable[[Lock, Resolver, Progress, str], tuple[Finding, ...]]
"""A check of a lock that asks the registry."""

Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH]…",
        help="All the files and folders that use the lock, as for `pin`. Without them, only the lock itself is checked.",
    ),
]
MaxAge = Annotated[
    str | None,
    typer.Option(
        metavar="DURATION", help="Report pins whose build is older than this by this machine's clock, such as `30d`."
    ),
]
Online = Annotated[
    bool,
    typer.Option("--online", help="Ask the registry, too: did the rule choose each digest at the instant stated?"),
]
Signed = Annotated[
    bool,
    typer.Option(
        "--signed", help="Ask the registry, too: is each digest signed by one of the `signers`? Requires cosign."
    ),
]
CodeQuality = Annotated[
    Path | None,
    typer.Option(
        "--code-quality",
        metavar="FILE",
        dir_okay=False,
        help="Write the findings to this file as GitLab's code quality report.",
    ),
]


@dataclass(frozen=True)
class Checked:
    """The result of a check.

    Attributes:
        path: the lock file.
        lock: its content.
        findings: what was found.
        problems: the files that could not be read.
        warnings: what the user should look at, although it is not a finding.
    """

    path: str
    lock: Lock
    findings: Sequence[Finding]
    problems: Sequence[Problem] = ()
    warnings: Sequence[str] = ()


@takes_resolver()
def check(
    paths: Paths = None,
    patterns: Patterns = None,
    exclude: ExcludePatterns = None,
    no_ignore: NoIgnore = False,
    max_age: MaxAge = None,
    online: Online = False,
    signed: Signed = False,
    code_quality: CodeQuality = None,
    lock_file: options.LockFile = None,
    *,
    resolver: Resolver,
    as_json: options.Json = False,
) -> None:
    """Compares files with the lock: every pin is the lock's, no image is unpinned, and no entry is unused.

    It needs neither a network nor credentials, unless `--online` or `--signed` is given. In GitHub Actions, findings are
    annotated. Exit status: 0 nothing was found; 1 something was found; 2 it could not be checked.
    """
    try:
        path = lock_of(lock_file)
        found = uses.scan_files(paths, resolver, patterns, exclude, no_ignore) if paths else None
        checked = _check(path, resolver, found, _duration(max_age), [check_online] * online + [check_signed] * signed)
        places = _places(checked)
        if code_quality is not None:
            write(code_quality, ci_reports.code_quality(places))
    except CgrError as error:
        refuse(error, as_json)
        raise typer.Exit(NOT_CHECKED) from None
    warn(checked.warnings)
    for problem in checked.problems:
        say(str(problem))
    if ci_reports.is_on_github(os.environ):
        (print_error_text if as_json else print_text)(ci_reports.github_commands(places))
    _report(checked, as_json)
    if checked.problems:
        raise typer.Exit(NOT_CHECKED)
    if checked.findings:
        raise typer.Exit(1)


def _check(
    path: str, resolver: Resolver, found: ScanResult | None, max_age: int, asking: Sequence[AskingCheck]
) -> Checked:
    lock = read_lock(path)
    used = uses.uses_of(found, resolver, lock, {}, os.path.dirname(path)) if found else None
    findings = [*check_offline(lock, used, max_age, Instant(time.time_ns()), path)]
    for each in asking:
        with bar("Checking", "pins") as progress:
            findings += each(lock, resolver, progress, path)
    warnings = list(found.warnings) if found else []
    if found and not found.looked_at:
        warnings.append(uses.NO_FILE)
    if driver := missing_driver(path):
        warnings.append(driver)
    return Checked(path, lock, findings, found.problems if found else (), warnings)


def _places(checked: Checked) -> list[ci_reports.Place]:
    root = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or os.curdir
    text = Path(checked.path).read_text(encoding="utf-8", errors="replace")
    return ci_reports.places_of(checked.findings, checked.path, text, root)


def _report(checked: Checked, as_json: bool) -> None:
    pins, findings = len(checked.lock.entries), len(checked.findings)
    if as_json:
        found: list[dict[str, Any]] = [asdict(finding) for finding in checked.findings]
        problems = [asdict(problem) for problem in checked.problems]
        results = {"findings": found, "problems": problems, "warnings": list(checked.warnings)}
        print_json({"lock": checked.path, "pins": pins, **results})
        return
    said = f"{findings} finding{'s' * (findings != 1)}" if findings or checked.problems else "all is well"
    if unread := len(checked.problems):
        said += f", {unread} file{'s' * (unread != 1)} not read"
    summary = Text(f"{checked.path}: {pins} pin{'s' * (pins != 1)}, {said}", "bold")
    show(*(Text(str(finding)) for finding in checked.findings), summary)


def _duration(max_age: str | None) -> int:
    if max_age is None:
        return 0
    try:
        return parse_duration(max_age)
    except ValueError as error:
        raise InvalidArgument(f"--max-age {redact(max_age)} {error}.") from error
