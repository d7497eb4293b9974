# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The border of the resolver and its interfaces: only a `CgrError` leaves them, and no exception of a library.

The exception of a library may hold a secret (a header, a URL), and its traceback tells a user nothing.
"""

from __future__ import annotations

import logging
import traceback
from contextlib import contextmanager
from typing import Callable, Iterator

from .errors import CgrError
from .redaction import hide_secrets

log_debug: Callable[[str], None] = logging.getLogger("pulumi_cgr").debug


@contextmanager
def border(debug: Callable[[str], object] = log_debug, passing: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Lets a `CgrError` pass, without its cause; every other exception becomes one, which says that it is a bug.

    Args:
        debug: called with the traceback, without secrets.
        passing: other exceptions that pass as they are.
    """
    try:
        yield
    except CgrError as error:
        error.__cause__ = error.__context__ = None
        raise
    except passing:
        raise
    except Exception as error:  # noqa: BLE001  (that is what it is for)
        debug(hide_secrets("".join(traceback.format_exception(type(error), error, error.__traceback__))))
        bug = bug_in(error)
    else:
        return
    raise bug from None


def bug_in(error: BaseException) -> CgrError:
    """Returns the sentence about an exception that nobody expected."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.replace(chr(92), '/').rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return CgrError(
        f"an unexpected {type(error).__name__}{place}: this is a bug in pulumi-cgr. Nothing was changed; report it, with the"
        " traceback that is logged at debug level."
    )
