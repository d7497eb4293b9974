# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Access to one repository, with the available credentials."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, TypeVar

from ..auth.credentials import Anonymous, Considered, Credential, Found
from ..errors import (
    AccessRefused,
    CgrError,
    CredentialsRefused,
    DeniedByPolicy,
    NotSignedIn,
    RegistryUnavailable,
    UntrustworthyAnswer,
)
from ..model.reference import Reference
from ..redaction import hide_secrets

if TYPE_CHECKING:
    from ..auth.chain import CredentialChain

Trace = Callable[[str], None]

_T = TypeVar("_T")
Work = Callable[[Credential, float], _T]


@dataclass(eq=False, repr=False)
class Access:
    """Finds the credentials for work on a repository; threads may share it.

    Attributes:
        credential_chain: finds the credentials.
        seconds: how long the work on one query may take.
        trace: called with what each source of credentials returned.
    """

    credential_chain: CredentialChain
    seconds: float
    trace: Trace

    def considered(self, reference: Reference) -> tuple[Considered, ...]:
        """Says which credentials are used for an image, and why those before them are not."""
        try:
            return self._find(reference, self.deadline()).considered
        except CgrError as error:
            return error.considered

    def deadline(self) -> float:
        """Returns when work that begins now must end, by `time.monotonic()`, in seconds."""
        return time.monotonic() + self.seconds

    def _find(self, reference: Reference, deadline: float, refused: Credential | None = None) -> Found:
        considered: tuple[Considered, ...] = ()
        try:
            found = self.credential_chain.find(reference, deadline, refused)
            considered = found.considered
            return found
        except CgrError as error:
            considered = error.considered
            raise
        finally:
            for each in considered:
                self.trace(hide_secrets(f"{reference.image}: credentials: {each.source}: {each.outcome}"))

    def run(self, reference: Reference, work: Work[_T]) -> tuple[_T, tuple[str, ...]]:
        """Works with the available credentials, renewed once if they are refused; a public image finally without any.

        Args:
            reference: the image.
            work: called with a credential, and with the deadline by `time.monotonic()`, in seconds.

        Returns:
            What `work` returned, and warnings.
        """
        deadline = self.deadline()
        try:
            found = self._find(reference, deadline)
        except (AccessRefused, RegistryUnavailable, UntrustworthyAnswer) as error:
            return self._without_credentials(reference, work, error, deadline)
        # The queries for other images did not use this image's time.
        deadline += found.waited

        try:
            try:
                return work(found.credential, deadline), ()
            except CredentialsRefused:
                renewed = self._find(reference, deadline, refused=found.credential).credential
                if renewed == found.credential:
                    raise
                return work(renewed, deadline), ()
        except AccessRefused as error:
            return self._without_credentials(reference, work, error, deadline)

    def _without_credentials(
        self, reference: Reference, work: Work[_T], error: CgrError, deadline: float
    ) -> tuple[_T, tuple[str, ...]]:
        """Works on a public image without credentials, after an error with the available ones."""
        if not reference.is_public or isinstance(error, (NotSignedIn, DeniedByPolicy)):
            raise error
        return work(Anonymous(), deadline), (
            f"A public image was resolved without credentials, because the available ones do not work: {error.message}",
        )
