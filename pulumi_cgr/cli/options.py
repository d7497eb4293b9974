# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Options that several commands have: the rule, and how the registry is reached.

They are made from the declarations of `Rule` and `Settings`.  Secrets are not options, because other users of a machine can see
the arguments of its processes.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from .._bridge import SETTINGS, Part

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


def of_part(part: Part) -> tuple[Any, Any]:
    """Returns the option for a part of a rule, and its default."""
    kind, metavar, text = part.kind, _METAVARS.get(part.kind.name), part.text
    value: Any = str | None
    if kind.name == "digests":
        value, text = list[str] | None, f"{text} May be given several times."
    if kind.name == "flag":  # a false one is not given, so that a lock entry's rule is not contradicted
        option = typer.Option(f"--{part.name.replace('_', '-')}", rich_help_panel=_RULE, help=text)
        return Annotated[bool, option], False
    option = typer.Option(metavar="|".join(kind.choices) or metavar, rich_help_panel=_RULE, help=text)
    return Annotated[value, option], None
