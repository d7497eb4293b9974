# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m pulumi_cgr.cli` is `cgr-images`."""

from . import main

main()
