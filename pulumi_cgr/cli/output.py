# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Standard output and standard error.

Output for programs goes to standard output, and nothing else does.

- Whether there are progress bars, and whether the output is laid out for a person, depends on whether the stream *is* a
  terminal.  So FORCE_COLOR changes neither `$(cgr-images resolve IMAGE)` nor a diff.
- Colour depends on NO_COLOR, FORCE_COLOR and TERM, in this order, and else on whether the stream is a terminal.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any, NoReturn, Protocol, TextIO

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from .._bridge import replace_file
from ..resolver import InvalidArgument

BROKEN_PIPE, OUTPUT_FAILED = 141, 74
WIDE = 1000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class OutputFailed(Exception):
    """Standard output is closed or full; the message is one sentence."""


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def console() -> Console:
    """Returns the console on standard output; it wraps lines on a terminal only."""
    return _console(sys.stdout, None if is_terminal() else WIDE)


def errors() -> Console:
    """Returns the console on standard error; without one, what it prints is lost."""
    return _console(sys.stderr, None)


def show(*renderables: RenderableType) -> None:
    """Prints what a person reads to standard output."""
    out = console()
    with out.capture() as captured:
        for renderable in renderables:
            if isinstance(renderable, Text):
                renderable.plain = _harmless(renderable.plain)
            out.print(renderable, soft_wrap=isinstance(renderable, Text))  # a reference stays in one piece
    lines = captured.get().splitlines()
    print_text("".join(f"{line.rstrip()}\n" for line in lines))


def print_json(data: Any) -> None:
    """Prints what a program reads to standard output."""
    is_utf_8 = (sys.stdout.encoding or "utf-8").lower() in ("utf-8", "utf8")
    print_text(f"{json.dumps(data, indent=2, ensure_ascii=not is_utf_8)}\n")


def print_text(text: str) -> None:
    """Prints text to standard output as it is; what its encoding lacks, as an escape.

    Raises:
        OutputFailed: it cannot be written.
    """
    try:
        encoding = sys.stdout.encoding or "utf-8"  # a stream in memory does not have one
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        _leave()
    except OSError as error:
        raise OutputFailed(f"standard output cannot be written: {error.strerror}.") from error


def discard_output() -> None:
    """Discards what could not be written to standard output, so that the end of the process does not fail on it."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(sentence: str) -> None:
    """Prints a sentence to standard error."""
    errors().print(f"cgr-images: {_harmless(sentence)}", markup=False, soft_wrap=True)


def print_error_text(text: str) -> None:
    """Prints text to standard error as it is, without colours."""
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()


def warn(warnings: Iterable[str]) -> None:
    """Prints warnings to standard error."""
    for warning in warnings:
        errors().print("cgr-images: warning:", _harmless(warning), markup=False, soft_wrap=True, style="yellow")


def _console(stream: TextIO | None, width: int | None) -> Console:
    is_stream_terminal = stream is not None and stream.isatty()
    has_colour = _has_colour(is_stream_terminal)
    is_known = os.environ.get("TERM") not in (None, "", "dumb", "unknown")
    return Console(
        file=stream or StringIO(),
        highlight=False,
        width=width,
        force_terminal=has_colour or is_stream_terminal,
        color_system=("auto" if is_known else "standard") if has_colour else None,
        no_color=not has_colour,
    )


def _has_colour(is_stream_terminal: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_stream_terminal and os.environ.get("TERM") != "dumb"


def write(path: Path, text: str) -> None:
    """Writes a file, all of it or nothing.

    Raises:
        InvalidArgument: it cannot be written.
    """
    try:
        replace_file(os.path.realpath(path), text.encode())
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be written: {error.strerror}.") from error


class Tell(Protocol):
    """Called with how much is done, and how much there is, in any unit."""

    def __call__(self, done: float, total: float, image: str = "", /) -> None:
        """Shows the progress."""


@contextmanager
def bar(what: str, unit: str = "") -> Iterator[Tell]:
    """Shows a progress bar during the work, if standard error is a terminal that can.

    Yields:
        A function to call with the progress; a `Progress` of the resolver, too.
    """
    console = errors()
    if sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
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
    discard_output()
    sys.exit(BROKEN_PIPE)
