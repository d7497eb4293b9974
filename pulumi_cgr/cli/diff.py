# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..changes import compare_digests, find_ends
from ..resolver import InvalidArgument, Resolver
from . import options
from .decorators import takes_resolver
from .differences import difference_lines, markdown
from .output import bar, print_json, print_text, show, warn

Image = Annotated[
    str,
    typer.Argument(
        metavar="IMAGE[@OLD]", help="The image with the digest of the old build; or without, together with `--from`."
    ),
]
New = Annotated[
    str | None,
    typer.Argument(
        metavar="[NEW]", help="The new build: a digest, a reference with a digest, or `latest`, which is the default."
    ),
]
From = Annotated[
    str | None, typer.Option("--from", metavar="TIMESTAMP", help="Compare from the build of this instant on.")
]
To = Annotated[
    str | None,
    typer.Option("--to", metavar="TIMESTAMP", help="Compare up to the build of this instant. By default the present."),
]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a change request.")]


@takes_resolver()
def diff(
    image: Image,
    new: New = None,
    begin: From = None,
    end: To = None,
    of_platform: options.OfPlatform = None,
    signed: options.Signed = False,
    as_markdown: Markdown = False,
    *,
    resolver: Resolver,
    as_json: options.Json = False,
) -> None:
    """Shows what changed between two builds of an image: packages, configuration, size, and how many builds are between.

    Packages and configuration are those that the publisher attests for the platform; with `--signed`, cosign verifies who signed
    that. If there is no attestation, a warning says so, and the rest is shown; with `--signed`, that is an error.
    """
    if as_markdown and as_json:
        raise InvalidArgument("--markdown and --json cannot be combined.", "markdown")
    ends = find_ends(resolver, image, new, begin, end)
    with bar("Reading the builds"):
        difference = compare_digests(resolver, *ends, platform=of_platform, signed=signed or None)
    if as_markdown:
        print_text(markdown(difference))
        return
    warn(difference.warnings)
    if as_json:
        print_json(difference.to_dict())
    else:
        show(*difference_lines(difference))
