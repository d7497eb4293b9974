# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m pulumi_cgr.plugin` is `pulumi-resource-cgr`."""

from . import main

main()
