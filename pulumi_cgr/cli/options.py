# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""What the commands take: the rule, and how the registry is reached.

The texts are those of `Resolver.resolve` and `Settings` (`tests/test_arguments.py`).  What is secret is no option, for other
users of a machine see the arguments of its processes.
"""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from .._bridge import LOCK_FILE_NAME
from ..resolver import MemoryCache, Resolver
from .output import errors

_RULE = "The rule"
_ACCESS = "The registry"

Image = Annotated[
    str,
    typer.Argument(
        metavar="IMAGE",
        help="The image, `cgr.dev/ORG/IMAGE[:TAG]`; the tag is `latest` where none is written. An image that is pinned"
        " already (`…@sha256:…`) is answered as it stands, without a request.",
    ),
]
Images = Annotated[
    list[str],
    typer.Argument(
        metavar="IMAGE…",
        help="The image, `cgr.dev/ORG/IMAGE[:TAG]`; the tag is `latest` where none is written. An image that is pinned"
        " already (`…@sha256:…`) is answered as it stands, without a request. Several are answered at one instant: all of"
        " them, or none.",
    ),
]
At = Annotated[
    str | None,
    typer.Option(
        metavar="INSTANT",
        rich_help_panel=_RULE,
        help="The instant to look at, such as `2026-01-31T12:00:00Z` or `2026-01-31` (its midnight), as RFC 3339 or ISO 8601"
        " text, a date, or a date and time. Without a time zone it means UTC. By default the present.",
    ),
]
MinAge = Annotated[
    str | None,
    typer.Option(
        metavar="SPAN",
        rich_help_panel=_RULE,
        help="How old the build must be at least, by the registry's clock, such as `7d`, `36h` or `P7D`. Does not go together"
        " with `at`.",
    ),
]
BuildsBack = Annotated[
    str | None,
    typer.Option(
        metavar="NUMBER",
        rich_help_panel=_RULE,
        help="How many builds before the one that would be chosen. A return to an earlier digest counts as one.",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        metavar="DIGEST",
        rich_help_panel=_RULE,
        help="Digests that are known to be bad. The next older build is taken instead. May be given several times.",
    ),
]
Current = Annotated[
    str | None,
    typer.Option(
        metavar="DIGEST",
        rich_help_panel=_RULE,
        help="The digest, or the `ref`, that is deployed. With `min_age`, it is never replaced by an older build, unless it is"
        " excluded, or `builds_back` asks for one.",
    ),
]
StaleAfter = Annotated[
    str | None,
    typer.Option(
        metavar="SPAN",
        rich_help_panel=_RULE,
        help="Warn if the newest build is older than that, such as `30d`.",
    ),
]
Lock = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        rich_help_panel=_ACCESS,
        help="A file with pins, as `cgr-images lock` writes it, such as `cgr.lock.json`. Images are answered out of it, without a"
        ' network and without credentials, and what it lacks is refused. Nothing (`""`) uses none. Also CGR_LOCK.',
    ),
]
LockFile = Annotated[
    str | None,
    typer.Option("--lock", metavar="FILE", help="The lock. By default what CGR_LOCK names, or `cgr.lock.json`."),
]
Registry = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        rich_help_panel=_ACCESS,
        help="The address at which `cgr.dev` is looked up, if it is another. By default `https://cgr.dev`. Also CGR_REGISTRY.",
    ),
]
Mirror = Annotated[
    list[str] | None,
    typer.Option(
        metavar="LEFT=RIGHT",
        rich_help_panel=_ACCESS,
        help="What other registries call images of `cgr.dev`, such as `registry.example.com/cgr` for `cgr.dev/acme.com`. An image"
        " is looked up at `cgr.dev` then, and written with its own name; the mirror is asked nothing. The longest name counts."
        " May be given several times. Also CGR_MIRRORS.",
    ),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        rich_help_panel=_ACCESS,
        help="Say which credentials are used, and why not those before them: names and places, no secrets.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, to standard output.")]


def rule_of(**given: Any) -> dict[str, Any]:
    """Returns the parts of a rule that were given."""
    return {name: value for name, value in given.items() if value not in (None, [])}


def lock_given(lock_file: str | None) -> str | None:
    """Returns the path of the lock that is given, or that the environment names; nothing if neither does."""
    path = os.environ.get("CGR_LOCK") if lock_file is None else lock_file
    return os.path.expanduser(path) if path else path


def lock_of(lock_file: str | None) -> str:
    """Returns the path of the lock."""
    return lock_given(lock_file) or LOCK_FILE_NAME


def resolver_of(
    registry: str | None,
    mirror: list[str] | None,
    verbose: bool,
    lock: str | None = "",
    kind: type[Resolver] = Resolver,
) -> Resolver:
    """Makes the resolver of a command; what is not given comes from the environment, but for the lock, if that is empty.

    Raises:
        InvalidArgument: a setting is malformed.
    """
    console = errors()
    trace = (lambda sentence: console.print(sentence, style="dim", markup=False, soft_wrap=True)) if verbose else None
    mirrors = ",".join(mirror) if mirror else None
    return kind(registry=registry, mirrors=mirrors, lock=lock, trace=trace, run_cache=MemoryCache())
