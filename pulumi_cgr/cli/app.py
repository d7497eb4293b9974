# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The commands put together, and what they have in common: exit statuses, errors, interrupts."""

from __future__ import annotations

import signal
import sys
from typing import Annotated, Any, NoReturn

import typer

from .._bridge import VERSION, border, log_debug
from ..resolver import CgrError, InvalidArgument
from . import bisect, changes, check, diff, history, lock, merge, pin, resolve, rollback, verify
from .errors import refuse
from .output import OUTPUT_FAILED, OutputFailed, discard_output, print_text, say
from .signs import fit, fit_help

INTERRUPTED, TERMINATED = 130, 143
STATUSES = (
    "Exit status: 0 success; 1 refused, or something was found; 2 wrong usage; 74 standard output cannot be written;"
    " 130 interrupted."
)
HELP = f"""Looks up and pins the digests of Chainguard images.

Settings, and all credentials, come from the environment: CGR_TOKEN, CGR_USERNAME and CGR_PASSWORD, CGR_IDENTITY and the other
variables CGR_…; else whatever is signed in for docker pull. {STATUSES}"""

# Of typer's usage errors this is the one it exports; the others have a base with it in common.
_USAGE_ERROR: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        print_text(f"cgr-images {VERSION}\n")
        raise typer.Exit


@app.callback(help=HELP)
def _main(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


_OWN_STATUSES = (pin.pin, check.check, changes.changes)
_COMMANDS = (
    resolve.resolve,
    history.history,
    pin.pin,
    lock.lock,
    rollback.rollback,
    check.check,
    verify.verify,
    merge.merge,
    diff.diff,
    changes.changes,
    bisect.bisect,
)
for _command in _COMMANDS:
    app.command(epilog=None if _command in _OWN_STATUSES else STATUSES)(_command)


def run(arguments: list[str]) -> int:
    """Runs a command and returns its exit status; whatever goes wrong is one sentence on standard error."""
    signal.signal(signal.SIGTERM, _terminate)
    fit_help(sys.stdout)
    if sys.stdout is None:  # it was closed
        say("standard output is closed, so nothing was done.")
        return OUTPUT_FAILED
    debug = say if "--verbose" in arguments else log_debug
    try:
        with border(debug, passing=(_USAGE_ERROR, typer.Abort, typer.Exit, OutputFailed)):
            status = _run_command(arguments)
    except _USAGE_ERROR as error:
        return _usage(error, "--json" in arguments)
    except CgrError as error:
        return refuse(error, "--json" in arguments)
    except OutputFailed as error:
        return _output_failed(str(error))
    except (KeyboardInterrupt, typer.Abort):  # typer itself turns one into the other, or into its status
        status = INTERRUPTED
    except _Terminated:
        status = TERMINATED
    if status in (INTERRUPTED, TERMINATED):
        say("interrupted; no file is half written.")
    return status or 0


def _run_command(arguments: list[str]) -> int:
    try:
        status: int = typer.main.get_command(app).main(arguments, prog_name="cgr-images", standalone_mode=False)
        print_text("")  # writes what a help text left in the buffer
    except OSError as error:
        if error.filename is not None:
            raise
        raise OutputFailed(f"standard output cannot be written: {error.strerror}.") from None
    return status


def _output_failed(message: str) -> int:
    discard_output()
    say(message)
    return OUTPUT_FAILED


class _Terminated(BaseException):
    """SIGTERM: like an interrupt, it is not an error that anything may handle on the way."""


def _terminate(_signal: int, _frame: object) -> NoReturn:
    raise _Terminated


def _usage(error: Any, as_json: bool) -> int:
    message = " ".join(error.format_message().split())
    if not message:  # no command was given, and the help was printed instead
        return 2
    more = f"See {error.ctx.command_path if error.ctx else 'cgr-images'} --help."
    return refuse(InvalidArgument(fit(f"{message.rstrip('.')}. {more}", sys.stderr)), as_json)
