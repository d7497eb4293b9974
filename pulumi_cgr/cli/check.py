# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images check`."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from .._bridge import parse_duration, read_lock, redact
from ..lockfile.verify import Finding, check_online
from ..lockfile.verify import check as check_offline
from ..resolver import CgrError, Instant, InvalidArgument
from . import options, uses
from .errors import refuse
from .output import bar, print_json, say, show, warn
from .selection import ExcludePatterns, NoIgnore, Patterns

NOT_CHECKED = 2

Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH]…",
        help="All the files and folders that use the lock, as of `pin`. Without them, only the lock itself is checked.",
    ),
]
MaxAge = Annotated[
    str | None,
    typer.Option(
        metavar="DURATION",
        help="Find fault with pins whose build is older than that by this machine's clock, such as `30d`.",
    ),
]
Online = Annotated[
    bool,
    typer.Option("--online", help="Ask the registry, too: was each digest what the rule chose at the instant stated?"),
]


def check(
    paths: Paths = None,
    patterns: Patterns = None,
    exclude: ExcludePatterns = None,
    no_ignore: NoIgnore = False,
    max_age: MaxAge = None,
    online: Online = False,
    lock_file: options.LockFile = None,
    registry_url: options.RegistryUrl = None,
    mirror: options.Mirror = None,
    verbose: options.Verbose = False,
    as_json: options.Json = False,
) -> None:
    """Holds files against the lock: every pin is the lock's, no image is unpinned, and no entry unused.

    It needs neither a network nor credentials, unless `--online` is given. Exit status: 0 all is well; 1 something was found;
    2 it could not be checked.
    """
    try:
        path, findings = options.lock_of(lock_file), list[Finding]()
        resolver, lock = options.resolver_of(registry_url, mirror, verbose), read_lock(path)
        found = uses.scan_files(paths, resolver, patterns, exclude, no_ignore) if paths else None
        warn(found.warnings if found else ())
        for problem in found.problems if found else ():
            say(str(problem))
        used = uses.uses_of(found, resolver, lock, {}) if found else None
        findings += check_offline(lock, used, _duration(max_age), Instant(time.time_ns()), path)
        if online:
            with bar("Checking", "pins") as progress:
                findings += check_online(lock, resolver, progress, path)
    except CgrError as error:
        refuse(error, as_json)
        raise typer.Exit(NOT_CHECKED) from None
    if as_json:
        print_json({"lock": path, "pins": len(lock.entries), "findings": [asdict(finding) for finding in findings]})
    else:
        show(*(Text(str(finding)) for finding in findings), _summary(path, len(lock.entries), len(findings)))
    if found and found.problems:
        raise typer.Exit(NOT_CHECKED)
    if findings:
        raise typer.Exit(1)


def _duration(max_age: str | None) -> int:
    if max_age is None:
        return 0
    try:
        return parse_duration(max_age)
    except ValueError as error:
        raise InvalidArgument(f"--max-age {redact(max_age)} {error}.") from error


def _summary(path: str, pins: int, findings: int) -> Text:
    said = f"{findings} finding{'s' * (findings != 1)}" if findings else "all is well"
    return Text(f"{path}: {pins} pin{'s' * (pins != 1)}, {said}", "bold")
