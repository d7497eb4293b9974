# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The provider `cgr` as a plugin of Pulumi's engine, for programs in every language.  It needs the extra `pulumi-cgr[pulumi]`.

Programs in Python can use the resources of `pulumi_cgr` without it.
"""

from __future__ import annotations

import sys

MISSING = "pulumi-resource-cgr needs libraries that are not installed here: python -m pip install 'pulumi-cgr[pulumi]'"


def main() -> None:
    """Serves the provider until the engine ends this process; the engine starts it as `pulumi-resource-cgr ADDRESS`."""
    try:
        from .server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pulumi", "grpc", "google"):
            raise
        sys.exit(MISSING)
    serve(sys.argv[1:])
