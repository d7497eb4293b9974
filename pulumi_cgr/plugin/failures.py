# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Failures as the engine shows them: a sentence on the property it is about, and never a traceback."""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2

from .._bridge import redact
from .._pulumi.failures import hide_arguments, property_of
from ..resolver import CgrError
from .names import camel, respell

Method = Callable[[Any, Any, grpc.ServicerContext], Any]


def check_failure(error: CgrError, *, is_secret: bool = False) -> Any:
    """Returns an error as a failure of a check or of a function.

    Args:
        error: the error.
        is_secret: whether an argument is a secret that the message could contain.
    """
    shown = hide_arguments(error) if is_secret else error
    return provider_pb2.CheckFailure(property=camel(property_of(shown)), reason=respell(str(shown)))


def guarded(method: Method) -> Method:
    """Returns a method whose errors are one sentence; the traceback of an unexpected one is in the engine's log."""

    @functools.wraps(method)
    def call(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except CgrError as error:
            code, sentence = grpc.StatusCode.FAILED_PRECONDITION, respell(str(error))
        except Exception as error:  # noqa: BLE001  (the border to the engine)
            traceback.print_exc(file=sys.stderr)
            code = grpc.StatusCode.INTERNAL
            sentence = f"{type(error).__name__} {redact(error)}. This is a bug of pulumi-cgr; please report it."
        return context.abort(code, sentence)

    return call
