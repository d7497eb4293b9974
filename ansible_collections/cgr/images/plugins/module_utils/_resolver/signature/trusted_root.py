# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The trusted root: the keys of the certificate authorities and logs of Sigstore, from a file or from cosign.

None is shipped: logs change their keys, and a root that is out of date refuses valid signatures.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import Callable

from ..auth.once import Answers
from ..errors import InvalidArgument
from ..redaction import redact

LARGEST = 1024 * 1024
MEDIA_TYPE = "application/vnd.dev.sigstore.trustedroot"


@dataclass(frozen=True)
class TrustedRoot:
    """The keys that are trusted.

    Attributes:
        content: them, as JSON.
    """

    content: bytes

    @property
    def digest(self) -> str:
        """The digest of the content."""
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"


class TrustedRoots:
    """Gets the trusted root when it is first needed, and once.  Threads may share it.

    Args:
        path: the file that has it; empty to have it created.
        create: creates it.

    Attributes:
        path: the file; empty if it is created.
    """

    def __init__(self, path: str, create: Callable[[], bytes]) -> None:
        self.path = os.path.expanduser(path)
        self._create = create
        self._answers = Answers()

    def get(self) -> TrustedRoot:
        """Returns the trusted root.

        Raises:
            InvalidArgument: the file cannot be read, or is something else.
            CgrError: what `create` raises.
        """
        return self._answers.get("root", self._read if self.path else self._created)

    def _created(self) -> TrustedRoot:
        return TrustedRoot(self._create())

    def _read(self) -> TrustedRoot:
        try:
            with open(self.path, "rb") as stream:
                content = stream.read(LARGEST + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "its name holds a NUL"
            raise InvalidArgument(
                f"trusted_root {redact(self.path)} cannot be read: {reason}.", "trusted_root"
            ) from None
        if len(content) > LARGEST or not _is_root(content):
            raise InvalidArgument(
                f"trusted_root {redact(self.path)} is not a trusted root of Sigstore. Create one: cosign trusted-root create"
                " --with-default-services --out FILE",
                "trusted_root",
            )
        return TrustedRoot(content)


def _is_root(content: bytes) -> bool:
    try:
        return str(json.loads(content)["mediaType"]).startswith(MEDIA_TYPE)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
