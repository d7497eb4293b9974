# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The results of functions: made of values, and the errors in place of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import pulumi

from ..resolver import CgrError
from .failures import hide_arguments

_Result = TypeVar("_Result")


@contextmanager
def ending_cleanly(is_secret: bool = False) -> Iterator[None]:
    """Lets an error end the program with its sentence only; of secret arguments, with its code only."""
    try:
        yield
    except CgrError as error:
        raise pulumi.RunError(str(hide_arguments(error) if is_secret else error)) from None


def made(kind: type[_Result], values: Mapping[str, Any]) -> _Result:
    """Makes a result of its values."""
    constructor: Any = kind  # made by pulumi.output_type, where no type checker sees it
    result: _Result = constructor(**values)
    return result
