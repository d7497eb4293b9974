# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Standard output and standard error.

What a program reads goes to standard output and nothing else does.  Colours are for terminals (and not where NO_COLOR is
set), progress bars for a terminal on standard error.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, Protocol

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from .._bridge import replace_file
from ..resolver import InvalidArgument

BROKEN_PIPE = 141
WIDE = 1000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def console() -> Console:
    """Returns the console on standard output; it wraps nothing but for a terminal."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=WIDE)


def errors() -> Console:
    """Returns the console on standard error."""
    return Console(stderr=True, highlight=False)


def show(*renderables: RenderableType) -> None:
    """Prints what a person reads to standard output."""
    out = console()
    with out.capture() as captured:
        for renderable in renderables:
            if isinstance(renderable, Text):
                renderable.plain = _harmless(renderable.plain)
            out.print(renderable, soft_wrap=isinstance(renderable, Text))  # no ref is torn in two
    lines = captured.get().splitlines()
    print_text("".join(f"{line.rstrip()}\n" for line in lines))


def print_json(data: Any) -> None:
    """Prints what a program reads to standard output."""
    is_utf_8 = _encoding().lower() in ("utf-8", "utf8")
    print_text(f"{json.dumps(data, indent=2, ensure_ascii=not is_utf_8)}\n")


def print_text(text: str) -> None:
    """Prints text to standard output as it is; what its encoding lacks, as an escape."""
    encoding = _encoding()
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        _leave()


def _encoding() -> str:
    return sys.stdout.encoding or "utf-8"  # there is none where the output is kept in memory


def say(sentence: str) -> None:
    """Prints a sentence to standard error."""
    errors().print(f"cgr-images: {_harmless(sentence)}", markup=False, soft_wrap=True)


def warn(warnings: Iterable[str]) -> None:
    """Prints warnings to standard error."""
    for warning in warnings:
        errors().print("cgr-images: warning:", _harmless(warning), markup=False, soft_wrap=True, style="yellow")


def write(path: Path, text: str) -> None:
    """Writes a file, the whole of it or nothing.

    Raises:
        InvalidArgument: it cannot be written.
    """
    try:
        replace_file(os.path.realpath(path), text.encode())
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be written: {error.strerror}.") from error


class Tell(Protocol):
    """What is to be called with how much is done, and how much there is; it does not matter of what."""

    def __call__(self, done: float, total: float, image: str = "", /) -> None:
        """Takes it in."""


@contextmanager
def bar(what: str, unit: str = "") -> Iterator[Tell]:
    """Shows a progress bar while work goes on, if there is anybody to see it.

    Yields:
        What is to be told of the progress; a `Progress` of the resolver, too.
    """
    console = errors()
    if not console.is_terminal:
        yield lambda _done, _total, _image="": None
        return
    count = [MofNCompleteColumn(), TextColumn(unit)] if unit else []
    columns = [TextColumn(what), BarColumn(), *count, TimeRemainingColumn()]
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total, _image="": progress.update(task, completed=done, total=total)


def _harmless(text: str) -> str:
    """Returns text without what a terminal would obey: it may have come out of a file."""
    return _CONTROL.sub("\ufffd", text)


def _leave() -> NoReturn:
    """Ends quietly: whoever read has enough (`| head -1`)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(BROKEN_PIPE)
