# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Options that several commands have: the rule, and how the registry is reached.

They are made from the declarations of `Rule` and `Settings`.  Secrets are not options, because other users of a machine can see
the arguments of its processes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from .._bridge import LOCK_FILE_NAME, PARTS, SETTINGS, Part
from ..resolver import InvalidArgument, MemoryCache, Resolver
from .output import errors, say

_RULE = "The rule"
_ACCESS = "The registry"
_METAVARS = {
    "instant": "TIMESTAMP",
    "duration": "DURATION",
    "count": "NUMBER",
    "digests": "DIGEST",
    "digest": "DIGEST",
    "platform": "OS/ARCH",
}


def _setting_help(name: str) -> str:
    setting = next(setting for setting in SETTINGS if setting.name == name)
    return f"{setting.text} Also {setting.variables[0]}."


Image = Annotated[
    str,
    typer.Argument(
        metavar="IMAGE",
        help="The image, `cgr.dev/ORG/IMAGE[:TAG]`; without a tag it means `latest`. An image that is already pinned"
        " (`…@sha256:…`) is returned as it is, without a request.",
    ),
]
Images = Annotated[
    list[str],
    typer.Argument(
        metavar="IMAGE…",
        help="The image, `cgr.dev/ORG/IMAGE[:TAG]`; without a tag it means `latest`. An image that is already pinned"
        " (`…@sha256:…`) is returned as it is, without a request. Several are resolved as of one instant: all of them, or none.",
    ),
]
Lock = Annotated[str | None, typer.Option(metavar="FILE", rich_help_panel=_ACCESS, help=_setting_help("lock"))]
LockFile = Annotated[
    str | None,
    typer.Option(
        "--lock",
        metavar="FILE",
        help="The lock file. By default what CGR_LOCK names, or the nearest `cgr.lock.json` in this folder and those above it, up"
        " to the root of the git work tree.",
    ),
]
RegistryUrl = Annotated[
    str | None,
    typer.Option(
        "--registry-url", "--registry", metavar="URL", rich_help_panel=_ACCESS, help=_setting_help("registry_url")
    ),
]
Mirror = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MIRROR=UPSTREAM",
        rich_help_panel=_ACCESS,
        help=f"{_setting_help('mirrors')} May be given several times.",
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
OfPlatform = Annotated[
    str | None,
    typer.Option(
        "--platform",
        metavar="PLATFORM",
        help="The platform whose packages are compared, such as `linux/arm64`. By default `linux/amd64`, or the first one of the"
        " image.",
    ),
]
Signed = Annotated[
    bool,
    typer.Option(
        "--signed",
        help="Verify with cosign that one of the `signers` signed the packages that are compared. If not, they are not shown, and"
        " it is an error. Also CGR_SIGNED.",
    ),
]
Packages = Annotated[
    bool,
    typer.Option("--packages", help="Show which packages and what configuration the new builds bring, as `diff` does."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, to standard output.")]


def takes_rule(*without: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command an option for each part of a rule; the command gets those that are given as `rule`.

    Args:
        without: the parts that the command has no option for.
    """
    parts = [part for part in PARTS if part.name not in without]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(**arguments: Any) -> None:
            given = {part.name: arguments.pop(part.name) for part in parts}
            command(rule={name: value for name, value in given.items() if value not in (None, [], False)}, **arguments)

        parameters: list[Parameter] = []
        for parameter in signature(command, eval_str=True).parameters.values():
            parameters += [_parameter(part) for part in parts] if parameter.name == "rule" else [parameter]
        run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return decorate


def _parameter(part: Part) -> Parameter:
    kind, metavar, text = part.kind, _METAVARS.get(part.kind.name), part.text
    value: Any = str | None
    if kind.name == "digests":
        value, text = list[str] | None, f"{text} May be given several times."
    if kind.name == "flag":  # a false one is not given, so that a lock entry's rule is not contradicted
        option = typer.Option(f"--{part.name.replace('_', '-')}", rich_help_panel=_RULE, help=text)
        return Parameter(part.name, Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[bool, option])
    option = typer.Option(metavar="|".join(kind.choices) or metavar, rich_help_panel=_RULE, help=text)
    return Parameter(part.name, Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[value, option])


def lock_given(lock_file: str | None) -> str | None:
    """Returns the path of the lock file that is given, or that the environment names; nothing if neither does.

    Raises:
        InvalidArgument: it is standard input.
    """
    path = os.environ.get("CGR_LOCK") if lock_file is None else lock_file
    if path == "-":
        raise InvalidArgument(
            "--lock - is standard input, which cannot be a lock file. Name a file; ./- for one called -.", "lock"
        )
    return os.path.expanduser(path) if path else path


def lock_of(lock_file: str | None) -> str:
    """Returns the path of the lock file: the one given, or the nearest `cgr.lock.json` in this folder and those above it.

    The search ends at the root of the work tree, and takes place in a work tree only.
    """
    given = lock_given(lock_file)
    if given:
        return given
    found = _lock_above()
    if found is None or found == LOCK_FILE_NAME:
        return LOCK_FILE_NAME
    say(f"using the lock file {found}")
    return found


def find_lock(lock_file: str | None) -> str | None:
    """Returns the path of the lock file, as `lock_of` does; `None` if it does not exist."""
    path = lock_given(lock_file) or _lock_above() or LOCK_FILE_NAME
    return path if os.path.exists(path) else None


def _lock_above() -> str | None:
    folder, path = os.path.realpath(os.curdir), LOCK_FILE_NAME
    found = None
    while True:
        if found is None and os.path.exists(path):
            found = path
        if os.path.exists(os.path.join(folder, ".git")):
            return found
        if folder == os.path.dirname(folder):
            return None  # not a work tree
        folder, path = os.path.dirname(folder), os.path.join(os.pardir, path)


def resolver_of(
    registry_url: str | None,
    mirror: list[str] | None,
    verbose: bool,
    lock: str | None = "",
) -> Resolver:
    """Returns the resolver of a command; settings that are not given come from the environment, but no lock if it is empty.

    Raises:
        InvalidArgument: a setting is malformed.
    """
    lock = lock_given(lock)
    console = errors()
    trace = (lambda sentence: console.print(sentence, style="dim", markup=False, soft_wrap=True)) if verbose else None
    mirrors = ",".join(mirror) if mirror else None
    return Resolver(registry_url=registry_url, mirrors=mirrors, lock=lock, trace=trace, run_cache=MemoryCache())
