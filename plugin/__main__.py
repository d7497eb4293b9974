# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The provider `cgr`, as the engine runs it in an environment that it makes from requirements.txt."""

from pulumi_cgr.plugin import main

main()
