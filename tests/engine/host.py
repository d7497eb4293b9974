# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The real process of a provider, driven over gRPC: the SDK's `python -m pulumi.dynamic`, or the plugin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from ..support.programs import start_module

Properties = dict[str, Any]
STATUSES = {0: "unknown", 1: "none", 2: "some"}


class Host:
    """The provider process of one operation.

    Args:
        config: the configuration of the stack, with secrets in plain text, as the engine passes it.
        environ: the environment variables of the process.
        engine: the address of the engine, for its log.

    Attributes:
        types: how the types of its resources begin.
        accepts_secrets: whether it gets and returns secrets with their marks.
        supports_preview: whether it creates and updates in previews, too.
    """

    module = "pulumi.dynamic"
    types = "pulumi-python:dynamic"
    accepts_secrets = False
    supports_preview = False

    def __init__(self, config: Mapping[str, str], environ: Mapping[str, str], engine: str = "") -> None:
        self._process = start_module(self.module, environ, *filter(None, [engine]))
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.configure(config)

    def __enter__(self) -> Host:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()
        self._process.terminate()
        self._process.communicate()

    def configure(self, config: Mapping[str, str]) -> None:
        """Passes the configuration of the stack."""
        self._stub.Configure(provider_pb2.ConfigureRequest(args=to_struct(dict(config))))

    def peak_memory(self) -> int:
        """Returns the most memory that the process has used so far, in KiB; 0 where the system does not say."""
        status = Path(f"/proc/{self._process.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)

    def check(self, urn: str, olds: Properties, news: Properties) -> tuple[Properties, list[tuple[str, str]]]:
        """Returns the checked inputs, and the failures as pairs of property and reason."""
        response = self._stub.Check(provider_pb2.CheckRequest(urn=urn, olds=to_struct(olds), news=to_struct(news)))
        return to_dict(response.inputs), [(failure.property, failure.reason) for failure in response.failures]

    def diff(self, urn: str, id_: str, olds: Properties, news: Properties) -> tuple[bool, bool]:
        """Returns whether something changes, and whether the resource is replaced."""
        request = provider_pb2.DiffRequest(id=id_, urn=urn, olds=to_struct(olds), news=to_struct(news))
        response = self._stub.Diff(request)
        assert STATUSES[response.changes] != "unknown", "the engine would compare the pickled provider then"
        return STATUSES[response.changes] == "some", bool(response.replaces)

    def create(self, urn: str, inputs: Properties) -> tuple[str, Properties]:
        """Returns the id and the outputs."""
        response = self._stub.Create(provider_pb2.CreateRequest(urn=urn, properties=to_struct(inputs)))
        return response.id, to_dict(response.properties)

    def update(self, urn: str, id_: str, olds: Properties, news: Properties) -> Properties:
        """Returns the outputs."""
        request = provider_pb2.UpdateRequest(id=id_, urn=urn, olds=to_struct(olds), news=to_struct(news))
        return to_dict(self._stub.Update(request).properties)

    def read(self, urn: str, id_: str, outputs: Properties, inputs: Properties) -> Properties:
        """Returns the current outputs."""
        request = provider_pb2.ReadRequest(id=id_, urn=urn, properties=to_struct(outputs), inputs=to_struct(inputs))
        return to_dict(self._stub.Read(request).properties)

    def delete(self, urn: str, id_: str, outputs: Properties) -> None:
        """Deletes a resource."""
        self._stub.Delete(provider_pb2.DeleteRequest(id=id_, urn=urn, properties=to_struct(outputs)))


class PluginHost(Host):
    """The process of the plugin `pulumi-resource-cgr`."""

    module = "pulumi_cgr.plugin"
    types = "cgr:index:"
    accepts_secrets = True
    supports_preview = True

    def configure(self, config: Mapping[str, str]) -> None:
        """Passes the configuration of the provider `cgr`: the keys that begin with its name."""
        self._stub.Handshake(provider_pb2.ProviderHandshakeRequest())
        own = {key.partition(":")[2]: value for key, value in config.items() if key.startswith("cgr:")}
        checked = self._stub.CheckConfig(provider_pb2.CheckRequest(news=to_struct(own)))
        assert not checked.failures, checked.failures
        self._stub.Configure(provider_pb2.ConfigureRequest(args=checked.inputs))


def to_struct(properties: Properties) -> Any:
    """Returns properties in their gRPC form."""
    return json_format.ParseDict(properties, struct_pb2.Struct())


def to_dict(struct: Any) -> Properties:
    """Returns properties as plain data."""
    return dict(json_format.MessageToDict(struct))
