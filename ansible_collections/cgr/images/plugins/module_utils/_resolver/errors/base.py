# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The base of all errors of the resolver."""

from __future__ import annotations

from typing import Any

from ..redaction import hide_secrets


class CgrError(Exception):
    """The base of all errors of the resolver.

    Attributes:
        message: one sentence, or two, that a person can act on.
        image: the image it is about, if it is about one.
        argument: the name of the argument at fault.
        error_code: one stable word that a program can branch on.
    """

    error_code = "error"
    argument = "image"
    index: str | None = None  # the digest that the tag pointed at, if the error is about the deployed build
    considered: tuple[Any, ...] = ()  # the outcome of each source of credentials that was asked

    def __init__(self, message: str, argument: str | None = None, *, image: str | None = None) -> None:
        self.message = hide_secrets(message)
        super().__init__(self.message)
        self.image = hide_secrets(image) if image else None
        self.argument = argument or type(self).argument

    def __str__(self) -> str:
        """Returns the message, after the image it is about."""
        return f"{self.image}: {self.message}" if self.image else self.message

    def with_image(self, image: str) -> CgrError:
        """Says which image the error is about, unless it is known already; returns the error."""
        self.image = self.image or hide_secrets(image)
        return self

    def to_dict(self) -> dict[str, Any]:
        """Returns the error as JSON data, for another process; `error_from_dict` reads it."""
        return {"error_code": self.error_code, "message": self.message, "image": self.image, "argument": self.argument}
