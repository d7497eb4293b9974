# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmarks against other ways of doing the same work: `make bench` runs them and writes docs/maintaining/performance.md.

To add a kind of work, write a file with a function that returns a `Part`, and add it to `PARTS` in `__main__.py`.
"""
