# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The process `pulumi-resource-cgr`, as the engine starts and ends it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2_grpc

from pulumi_cgr._bridge import VERSION
from pulumi_cgr.plugin import MISSING

PLUGIN = [sys.executable, "-m", "pulumi_cgr.plugin"]


@pytest.fixture
def engine() -> Iterator[str]:
    """The address of something that accepts connections, as the engine does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_it_prints_its_port_and_ends_when_the_engine_interrupts_it(engine: str) -> None:
    with subprocess.Popen([*PLUGIN, "--logtostderr", "-v=9", engine], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            info = provider_pb2_grpc.ResourceProviderStub(channel).GetPluginInfo(empty_pb2.Empty())
        process.send_signal(signal.SIGINT)

    assert info.version == VERSION
    assert process.returncode == 0


def test_it_ends_if_the_engine_is_gone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"

    assert subprocess.run([*PLUGIN, address], capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize("library", ["pulumi", "grpc"])
def test_without_the_extra_it_says_what_to_install(library: str) -> None:
    lines = f"import sys; sys.modules[{library!r}] = None; from pulumi_cgr.plugin import main; main()"

    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (1, "", MISSING + "\n")
