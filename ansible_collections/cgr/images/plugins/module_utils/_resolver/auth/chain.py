# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The sources of credentials in their order: the first one that has a credential wins."""

from __future__ import annotations

from typing import Mapping, Sequence
from urllib.parse import urlsplit

from ..errors import CgrError
from ..http.transport import Transport
from ..model.grammar import REGISTRY, is_loopback
from ..model.reference import Reference
from ..settings import Settings
from .chainctl import Chainctl
from .credentials import Anonymous, Considered, Credential, CredentialSource, Found
from .oidc import AssumedIdentity
from .once import Answers
from .places import docker_configs
from .static import StaticCredentials


def audience_of(settings: Settings) -> str:
    """Returns the host that credentials are sent to: cgr.dev, also for a registry on a loopback host, or another host."""
    host = urlsplit(settings.registry_url).netloc
    return REGISTRY if is_loopback(host) else host


def credential_sources(settings: Settings, transport: Transport, answers: Answers) -> list[CredentialSource]:
    """Returns the sources of credentials in the order in which they are asked.

    The credentials of this machine were issued for cgr.dev: with another registry, only credentials that were issued for its
    host are used, or those that the user gives.  A loopback host is this machine itself.
    """
    host = audience_of(settings)
    found: list[CredentialSource] = [StaticCredentials(settings)]
    if host == REGISTRY:
        found.append(AssumedIdentity(settings, transport, answers))
    found += docker_configs(settings.environment, host, answers)
    return [*found, Chainctl(settings.environment, answers)] if host == REGISTRY else found


def docker_credential(
    environment: Mapping[str, str], answers: Answers, host: str, name: str, deadline: float
) -> Credential | None:
    """Returns the credential that Docker has for a repository of another registry; `None` if it has no credential.

    Args:
        environment: the environment variables.
        answers: where the sources keep what they asked for.
        host: the registry.
        name: the name of the repository.
        deadline: when to give up, by `time.monotonic()`, in seconds.

    Raises:
        BrokenCredentials, RegistryUnavailable: a place that has something is broken, or does not answer.
    """
    chain = CredentialChain(docker_configs(environment, host, answers), host, answers)
    repository = f"{host}/{name}"
    found = chain.find(Reference(repository, repository, host, name, None, None), deadline)
    return None if isinstance(found.credential, Anonymous) else found.credential


class CredentialChain:
    """Sources of credentials in order: the first that has one wins, and an error in it stops the search.

    Args:
        sources: the sources.
        host: the host they are for; references to any other are anonymous.
        answers: where the sources keep what they asked for.
    """

    def __init__(self, sources: Sequence[CredentialSource], host: str, answers: Answers) -> None:
        self._sources = sources
        self._host = host
        self._answers = answers

    def find(self, reference: Reference, deadline: float, refused: Credential | None = None) -> Found:
        """Returns the credential for an image.

        Args:
            reference: the image.
            deadline: when to give up, by `time.monotonic()`, in seconds.
            refused: a credential that the registry did not take; its source is asked again.

        Raises:
            CgrError: the first source that has something is broken, or does not answer; `considered` has all outcomes.
        """
        if reference.host != self._host:
            return Found(
                Anonymous(), (Considered("all", f"credentials for {self._host} do not go to {reference.host}"),)
            )
        self._answers.waited()  # from here on
        considered: list[Considered] = []
        for source in self._sources:
            try:
                found = source.find(reference, deadline, refused)
            except CgrError as error:
                error.considered = (*considered, Considered(source.name, str(error)))
                raise
            if not isinstance(found, str):
                used = (*considered, Considered(source.name, f"used: {found.source}"))
                return Found(found, used, self._answers.waited())
            considered.append(Considered(source.name, found))
        return Found(Anonymous(), (*considered, Considered("anonymous", "used")), self._answers.waited())
