# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images verify`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar

import typer
from rich.text import Text

from .._bridge import run_concurrently
from ..resolver import CgrError, Resolver, SeveralFailed, Signature
from . import options
from .decorators import takes_resolver
from .output import bar, print_json, show

_T = TypeVar("_T")

Refs = Annotated[
    list[str],
    typer.Argument(metavar="REF…", help="An image with its digest, `cgr.dev/ORG/IMAGE[:TAG]@sha256:…`."),
]


@takes_resolver()
def verify(
    refs: Refs,
    *,
    resolver: Resolver,
    as_json: options.Json = False,
) -> None:
    """Verifies that images are signed by one of the `signers` (`CGR_SIGNERS`), and prints who signed them. Requires cosign."""
    signatures, errors = _verify(resolver, list(dict.fromkeys(refs)))
    if as_json and not errors:
        print_json({"images": [{"ref": ref, "signed": each.to_dict()} for ref, each in signatures.items()]})
    elif not as_json:
        show(*(Text(f"{ref}: {each.sentence}") for ref, each in signatures.items()))
    if errors:
        raise SeveralFailed(errors, len(signatures) + len(errors)) if signatures or len(errors) > 1 else _only(errors)


def _verify(resolver: Resolver, refs: list[str]) -> tuple[dict[str, Signature], dict[str, CgrError]]:
    """Returns the signatures and the errors, by the images."""
    signatures: dict[str, Signature] = {}
    errors: dict[str, CgrError] = {}
    with bar("Verifying", "images") as progress:
        for ref, outcome in run_concurrently(resolver.verify, refs, resolver.concurrency):
            try:
                signatures[ref] = outcome.result()
            except CgrError as error:
                errors[ref] = error
            progress(len(signatures) + len(errors), len(refs))
    return _sorted(signatures, refs), _sorted(errors, refs)


def _sorted(found: Mapping[str, _T], refs: list[str]) -> dict[str, _T]:
    return {ref: found[ref] for ref in refs if ref in found}


def _only(errors: Mapping[str, CgrError]) -> CgrError:
    (error,) = errors.values()
    return error
