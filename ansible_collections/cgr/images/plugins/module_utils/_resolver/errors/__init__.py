# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The errors of the resolver, by whose fault they are and what to do about them.

    CgrError
    ├── InvalidArgument          an argument or a setting is wrong: change it
    ├── NoSuchBuild              the registry has nothing that matches: change the arguments
    ├── AccessRefused            the credentials are missing or do not suffice: sign in
    ├── RegistryUnavailable      no answer in time: try again later
    ├── UntrustworthyAnswer      an answer that cannot be trusted: tell the registry's owner
    ├── SignatureError           the image is not signed as it must be: do not deploy it
    ├── MissingDependency        a Python library, or cosign, is not installed
    ├── NotLocked                the lock file does not contain the image: lock it
    ├── InvalidLock              the lock file cannot be used: fix it
    └── SeveralFailed            some images of a set failed, each for a reason of its own

Every message is one sentence or two that a person can act on, without secrets (see `redaction.py`).  An error never comes with
a result: whoever catches one has changed nothing.  `docs/reference/errors.md` lists all of them; it is made from the docstrings:
the problem, then `Fix:`.
"""

from __future__ import annotations

from .access import *
from .base import *
from .builds import *
from .lock import *
from .registry import *
from .several import *
from .signatures import *
from .usage import *
