# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The moves of images as one HTML page that needs nothing from elsewhere, with a filter by image and by package.

The page is made of `changes.html` and `changes.js`.  Its policy allows only that script, so text from a registry stays text.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from string import Template

from ...changes import Changes, ImageMoves
from ..differences import config_rows, counts, package_rows, summary
from .moves import drawing_of_moves, title_of

_CLASSES = {"+": "added", "-": "removed", "↓": "downgraded"}


def page_of(changes: Changes) -> str:
    """Returns the page."""
    folder = files(__package__)
    script = folder.joinpath("changes.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    failed = [f"<p><strong>{escape(image)}</strong>: {escape(why)}</p>" for image, why in changes.failed.items()]
    return Template(folder.joinpath("changes.html").read_text("utf-8")).substitute(
        title=escape(title_of(changes)),
        svg=drawing_of_moves(changes),
        sections="\n".join([*failed, *map(_section, changes.images)]),
        script=script,
        hash=f"sha256-{digest}",
    )


def _section(image: ImageMoves) -> str:
    parts = [
        f'<section data-image="{escape(image.image)}">',
        f"<h2>{escape(image.image)}</h2>",
        *_moves(image),
        *_details(image),
        *(f'<p class="quiet">{escape(warning)}</p>' for warning in image.to_dict()["warnings"]),
        "</section>",
    ]
    return "\n".join(parts)


def _moves(image: ImageMoves) -> Iterator[str]:
    if not image.has_moved:
        yield '<p class="quiet">It did not move.</p>'
        return
    yield "<table><tr><th>moved at</th><th>digest</th><th></th></tr>"
    for interval in reversed(image.moves):
        notes = ["returned to an earlier build"] if interval.returned else []
        notes += ["pinned"] if interval.digest in image.pinned else []
        cells = (str(interval.updated_at), interval.digest, ", ".join(notes))
        yield _row("", cells)
    before = image.old.digest if image.old else "the tag did not exist"
    pinned = "pinned" if image.old and image.old.digest in image.pinned else ""
    yield _row("quiet", ("before", before, pinned))
    yield "</table>"


def _details(image: ImageMoves) -> Iterator[str]:
    difference = image.difference
    if difference is None:
        return
    if sizes := summary(difference):
        yield f"<p>{escape(sizes)}</p>"
    if difference.packages:
        yield f"<p>{escape(counts(difference.packages))} <span class='quiet'>({escape(difference.source)})</span></p><table>"
        for sign, name, old, new in package_rows(difference.packages):
            kind = _CLASSES.get(sign, "updated")
            yield _row(kind, (kind, name, old, new), f' data-package="{escape(name.lower())}"')
        yield "</table>"
    rows = [_row("", cells) for cells in config_rows(difference.config or {})]
    if rows:
        yield f"<table>{''.join(rows)}</table>"


def _row(kind: str, cells: tuple[str, ...], more: str = "") -> str:
    return f'<tr class="{kind}"{more}>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
