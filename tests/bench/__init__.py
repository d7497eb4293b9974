# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""What the work costs, beside other ways of doing it: `make bench` measures it and writes docs/maintaining/performance.md.

To add a kind of work: a file with a function that returns a `Part`, and its name in `__main__.py`.
"""
