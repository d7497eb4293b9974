# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images changes`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from .._bridge import Lock, read_lock
from ..changes import Changes, ImageMoves, list_changes
from ..resolver import InvalidArgument, Resolver
from . import options, uses
from .decorators import takes_resolver
from .differences import detail_lines, summary
from .drawing.moves import drawing_of_moves, summary_of
from .drawing.page import page_of
from .lock_path import lock_of
from .output import bar, print_json, say, show, warn, write
from .selection import ExcludePatterns, NoIgnore, Patterns
from .signs import fit

if TYPE_CHECKING:
    from ..files import ScanResult

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH]…",
        help="Files and folders, as for `pin`: the images in them are listed. By default those of the lock file.",
    ),
]
Since = Annotated[
    str,
    typer.Option(
        metavar="TIMESTAMP|DURATION", help="The earlier instant; or a duration before the later one, such as `2d`."
    ),
]
Until = Annotated[str | None, typer.Option(metavar="TIMESTAMP", help="The later instant. By default the present.")]
NoPackages = Annotated[
    bool, typer.Option("--no-packages", help="List the moves only, without comparing what the builds contain.")
]
Svg = Annotated[
    Path | None,
    typer.Option(
        "--svg", metavar="FILE", dir_okay=False, help="Draw all images on one time axis into this file, as SVG."
    ),
]
Html = Annotated[
    Path | None,
    typer.Option(
        "--html",
        metavar="FILE",
        dir_okay=False,
        help="Write a page with the drawing and the packages into this file. It has a filter, and needs no other file.",
    ),
]


@takes_resolver()
def changes(
    paths: Files = None,
    *,
    since: Since,
    until: Until = None,
    lock_file: options.LockFile = None,
    patterns: Patterns = None,
    exclude_patterns: ExcludePatterns = None,
    no_ignore: NoIgnore = False,
    no_packages: NoPackages = False,
    of_platform: options.OfPlatform = None,
    signed: options.Signed = False,
    svg_file: Svg = None,
    html_file: Html = None,
    resolver: Resolver,
    as_json: options.Json = False,
) -> None:
    """Lists which images moved between two instants, when, and what that changed: those of a lock file, or those in files.

    The image that moved last comes first. Exit status: 0 all images were looked up; 1 some could not be,
    or their packages could not be verified with `--signed`.
    """
    if paths:
        if lock_file:
            raise InvalidArgument("--lock cannot be combined with files: they are two lists of images.", "lock")
        scanned = uses.scan_files(paths, resolver, patterns, exclude_patterns, no_ignore)
        images, problems = _images_in_files(scanned, resolver), [str(problem) for problem in scanned.problems]
        warn(scanned.warnings if scanned.looked_at else [*scanned.warnings, uses.NO_FILE])
    else:
        images, problems = _images_in_lock(lock_of(lock_file)), []
    with bar("Looking up", "images") as progress:
        found = list_changes(
            resolver,
            images,
            since,
            until,
            packages=not no_packages,
            platform=of_platform,
            progress=progress,
            signed=signed or None,
        )
    for problem in (*problems, *(f"{image}: {why}" for image, why in found.failed.items())):
        say(problem)
    _report(found, svg_file, html_file, as_json)
    if problems or found.failed:
        raise typer.Exit(1)


def _report(found: Changes, svg_file: Path | None, html_file: Path | None, as_json: bool) -> None:
    warn(f"{image.image}: {warning}" for image in found.images for warning in image.to_dict()["warnings"])
    if svg_file is not None:
        write(svg_file, drawing_of_moves(found))
    if html_file is not None:
        write(html_file, page_of(found))
    if as_json:
        print_json(found.to_dict())
    else:
        moved = [image for image in found.images if image.has_moved]
        title = f"{summary_of(found)} between {found.since} and {found.until}"
        show(Text(title, "bold"), *(line for image in moved for line in _lines(image)))


def _lines(image: ImageMoves) -> Iterator[Text]:
    times = f"{len(image.moves)} build{'s' * (len(image.moves) != 1)}"
    yield Text.assemble("\n", (image.image, "bold"), f"  {times}")
    yield Text(f"    {image.old.digest if image.old else 'the tag did not exist'}{_pinned(image, 0)}", "dim")
    for number, interval in enumerate(image.moves, 1):
        returned = "  returned" if interval.returned else ""
        yield Text(fit(f"  → {interval.digest}  {interval.updated_at}{returned}{_pinned(image, number)}"))
    if image.difference:
        if sizes := summary(image.difference):
            yield Text(f"    {sizes}")
        yield from detail_lines(image.difference)


def _pinned(image: ImageMoves, number: int) -> str:
    interval = image.moves[number - 1] if number else image.old
    return "  pinned" if interval and interval.digest in image.pinned else ""


def _images_in_lock(path: str) -> dict[str, list[str]]:
    images: dict[str, list[str]] = {}
    for entry in read_lock(path).entries:
        images.setdefault(entry.image, []).append(entry.index_digest)
    return images


def _images_in_files(found: ScanResult, resolver: Resolver) -> dict[str, list[str]]:
    images: dict[str, list[str]] = {}
    for use in uses.uses_of(found, resolver, Lock(), {}).uses:
        reference = use.query.reference
        if reference.tag:
            images.setdefault(f"{reference.repository}:{reference.tag}", []).extend([use.digest] if use.digest else [])
    return images
