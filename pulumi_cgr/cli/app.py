# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The commands put together, and what holds for all of them: exit statuses, errors, interrupts."""

from __future__ import annotations

import signal
from typing import Any, NoReturn

import typer

from ..resolver import CgrError, InvalidArgument
from . import check, history, lock, pin, resolve
from .errors import refuse
from .output import say

INTERRUPTED, TERMINATED = 130, 143
STATUSES = "Exit status: 0 all is well; 1 refused, or something was found; 2 wrong usage; 130 interrupted."
HELP = f"""Looks up and pins the digests of Chainguard images.

Settings, and all credentials, come from the environment: CGR_TOKEN, CGR_USERNAME and CGR_PASSWORD, CGR_IDENTITY and the other
variables CGR_…; else whatever is signed in for docker pull. {STATUSES}"""

# Of typer's usage errors this is the one it exports; the others have a base with it in common.
_USAGE_ERROR: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

app = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_OWN_STATUSES = (pin.pin, check.check)  # their help says which
for _command in (resolve.resolve, history.history, pin.pin, lock.lock, lock.rollback, check.check, lock.merge):
    app.command(epilog=None if _command in _OWN_STATUSES else STATUSES)(_command)


def run(arguments: list[str]) -> int:
    """Runs a command and returns its exit status; whatever goes wrong is one sentence on standard error."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        status = typer.main.get_command(app).main(arguments, prog_name="cgr-images", standalone_mode=False)
    except _USAGE_ERROR as error:
        return _usage(error, "--json" in arguments)
    except CgrError as error:
        return refuse(error, "--json" in arguments)
    except (KeyboardInterrupt, typer.Abort):  # typer itself turns one into the other, or into its status
        status = INTERRUPTED
    except _Terminated:
        status = TERMINATED
    if status in (INTERRUPTED, TERMINATED):
        say("interrupted; nothing is half written.")
    return status or 0


class _Terminated(BaseException):
    """SIGTERM: like an interrupt, it is no error that anything may handle on the way."""


def _terminate(_signal: int, _frame: object) -> NoReturn:
    raise _Terminated


def _usage(error: Any, as_json: bool) -> int:
    message = " ".join(error.format_message().split())
    if not message:  # no command was given, and the help was printed instead
        return 2
    fetch = f"See {error.ctx.command_path if error.ctx else 'cgr-images'} --help."
    return refuse(InvalidArgument(f"{message.rstrip('.')}. {fetch}"), as_json)
