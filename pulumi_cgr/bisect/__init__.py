# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Finding the first bad build of an image, as `git bisect` finds the first bad commit."""
