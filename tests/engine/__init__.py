# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A small stand-in for Pulumi's engine, for machines without the `pulumi` command.

It runs a real program with the SDK's own runtime, drives the SDK's real provider process (`python -m pulumi.dynamic`), or the plugin, over
gRPC in the order the engine does, and keeps the state.  It does nothing else that the real engine does.
"""

from .host import PluginHost
from .stack import Result, Stack, Step

__all__ = ["PluginHost", "Result", "Stack", "Step"]
