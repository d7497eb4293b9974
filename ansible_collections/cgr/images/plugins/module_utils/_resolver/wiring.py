# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where everything is put together: connections, credentials, caches and the clock of this machine."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .auth.chain import CredentialChain, audience_of, credential_sources, docker_credential
from .auth.credentials import Credential
from .auth.once import Answers
from .cache.cache import Cache, MemoryCache, NullCache
from .cache.caching import CachingResolver
from .cache.content_cache import ContentCache
from .cache.file_cache import FileCache
from .cache.present import RunPresent
from .history.source import HistorySource
from .http.transport import Transport
from .model.grammar import REGISTRY, is_loopback
from .model.instant import Instant
from .model.reference import Reference
from .registry.repository import Repository
from .registry.tag_history import TagHistory
from .registry.token_exchange import TokenExchange
from .resolve.access import Access, Trace
from .resolve.single import Lookup
from .settings import Settings
from .version import VERSION

if TYPE_CHECKING:
    from .registry.content import Content
    from .registry.mirror import Mirror
    from .signature.verify import SignatureVerifier

USER_AGENT = f"pulumi-cgr/{VERSION}"


def make_caching_resolver(
    settings: Settings, trace: Trace | None, run_cache: Cache | None, present: RunPresent | None
) -> CachingResolver:
    """Puts together what resolves images with some settings; for the other arguments, see `Resolver`."""
    path = os.path.expanduser(settings.cache)
    lasting = FileCache(path, lasting_only=True, seconds=settings.timeout) if path else NullCache()
    network = _Network(settings, run_cache, lasting)
    lookup = Lookup(
        Access(network.credentials, settings.timeout, trace or (lambda _sentence: None)),
        network.open_history,
        network.open_content,
        lambda: network.mirror,
        network.clock,
        lambda: network.verifier,
    )
    return CachingResolver(
        lookup, network.registry_of, run_cache or NullCache(), lasting, settings.concurrency, present
    )


@dataclass(eq=False, repr=False)
class _Network:
    """The connections and the credentials for some settings, and the caches for what is read.

    What only some rules need is made, and imported, when it is first asked for.
    """

    settings: Settings
    run_cache: Cache | None
    lasting_cache: Cache
    answers: Answers = field(default_factory=Answers)

    def __post_init__(self) -> None:
        self.keep = ContentCache(self.run_cache or MemoryCache(), self.lasting_cache).keep
        read = self.settings
        self.transport = Transport(USER_AGENT, read.concurrency, read.environment)
        self.tokens = TokenExchange(self.transport, audience_of(read))
        self.credentials = CredentialChain(
            credential_sources(read, self.transport, self.answers), REGISTRY, self.answers
        )

    def registry_of(self, image: Reference) -> str:
        """Returns the URL of the registry that is asked for an image."""
        return self.settings.registry_url if image.host == REGISTRY else f"http://{image.host}"

    def open_history(self, image: Reference, credential: Credential, deadline: float) -> HistorySource:
        """Opens the history of an image."""
        return TagHistory(self._open_repository(image, credential, deadline))

    def open_content(self, image: Reference, credential: Credential, deadline: float) -> Content:
        """Opens the content of an image's repository."""
        from .registry.content import Content

        return Content(self._open_repository(image, credential, deadline), self.keep)

    def credential_of_mirror(self, host: str, name: str, deadline: float) -> Credential | None:
        """Returns the credential that Docker has for a mirror."""
        return docker_credential(self.settings.environment, self.answers, host, name, deadline)

    @cached_property
    def mirror(self) -> Mirror:
        """Asks mirrors."""
        from .registry.mirror import Mirror

        return Mirror(self.transport, self.credential_of_mirror)

    @cached_property
    def verifier(self) -> SignatureVerifier:
        """Verifies who signed a digest."""
        from .cache.signature_cache import make_verifier

        return make_verifier(self.settings, self.run_cache, self.lasting_cache)

    def clock(self, image: Reference) -> Instant | None:
        """Returns this machine's time; `None` for a registry with a clock of its own, as those for tests have."""
        is_own = is_loopback(urlsplit(self.registry_of(image)).netloc)
        return None if is_own else Instant(time.time_ns())

    def _open_repository(self, image: Reference, credential: Credential, deadline: float) -> Repository:
        return Repository(self.transport, self.tokens, self.registry_of(image), image, credential, deadline)
