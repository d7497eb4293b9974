# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The plugin over a real channel in this process, and an engine that notes what it logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from pulumi_cgr.plugin.server import start
from pulumi_cgr.plugin.servicer import Provider
from pulumi_cgr.plugin.wire import CONCEALED, SIGNATURE

Properties = dict[str, Any]
IMAGE, SET = "cgr:index:ImageDigest", "cgr:index:ImageDigests"
UPDATES = {number: name for name, number in provider_pb2.PropertyDiff.Kind.items()}


def secret(value: Any) -> Properties:
    """Returns a value as the engine sends a secret."""
    return {SIGNATURE: CONCEALED, "value": value}


def to_struct(properties: Mapping[str, Any]) -> Any:
    """Returns properties in their gRPC form."""
    return json_format.ParseDict(dict(properties), struct_pb2.Struct())


def to_dict(struct: Any) -> Properties:
    """Returns properties as plain data, with the marks of secrets."""
    return dict(json_format.MessageToDict(struct))


@dataclass
class Engine(engine_pb2_grpc.EngineServicer):
    """The engine's log.

    Attributes:
        warnings: each warning, with the URN that it is about.
    """

    warnings: list[tuple[str, str]] = field(default_factory=list)

    def Log(self, request: Any, _context: Any) -> Any:
        """Notes a warning."""
        if request.severity == engine_pb2.WARNING:
            self.warnings.append((request.urn, request.message))
        return empty_pb2.Empty()


@dataclass
class Plugin:
    """The plugin, as an engine calls it.  Names are those of the schema."""

    stub: Any
    engine: Engine

    def configure(self, **settings: Any) -> None:
        """Begins a run."""
        self.stub.Configure(provider_pb2.ConfigureRequest(args=to_struct(settings)))

    def check(self, news: Properties, olds: Properties | None = None, kind: str = IMAGE, name: str = "web") -> Any:
        """Returns the whole response, with inputs and failures."""
        request = provider_pb2.CheckRequest(urn=urn(kind, name), news=to_struct(news), olds=to_struct(olds or {}))
        return self.stub.Check(request)

    def checked(self, news: Properties, olds: Properties | None = None, kind: str = IMAGE) -> Properties:
        """Returns the checked inputs."""
        response = self.check(news, olds, kind)
        assert not response.failures, response.failures
        return to_dict(response.inputs)

    def failure(self, news: Properties, olds: Properties | None = None, kind: str = IMAGE) -> tuple[str, str]:
        """Returns the property and the sentence of the failure of a check."""
        (failure,) = self.check(news, olds, kind).failures
        return failure.property, failure.reason

    def diff(self, olds: Properties, news: Properties, kind: str = IMAGE) -> tuple[dict[str, str], list[str]]:
        """Returns how each property differs, and the properties that replace the resource."""
        request = provider_pb2.DiffRequest(urn=urn(kind), id="i", olds=to_struct(olds), news=to_struct(news))
        response = self.stub.Diff(request)
        assert (response.changes == provider_pb2.DiffResponse.DIFF_SOME) == bool(response.detailedDiff)
        return {name: UPDATES[each.kind] for name, each in response.detailedDiff.items()}, list(response.replaces)

    def create(self, inputs: Properties, kind: str = IMAGE) -> Any:
        """Returns the whole response, with id and properties."""
        return self.stub.Create(provider_pb2.CreateRequest(urn=urn(kind), properties=to_struct(inputs)))

    def update(self, olds: Properties, news: Properties, kind: str = IMAGE) -> Properties:
        """Returns the outputs."""
        request = provider_pb2.UpdateRequest(urn=urn(kind), id="i", olds=to_struct(olds), news=to_struct(news))
        return to_dict(self.stub.Update(request).properties)

    def read(self, id_: str, outputs: Properties, inputs: Properties, kind: str = IMAGE) -> Any:
        """Returns the whole response."""
        structs = {"properties": to_struct(outputs), "inputs": to_struct(inputs)}
        return self.stub.Read(provider_pb2.ReadRequest(urn=urn(kind), id=id_, **structs))

    def invoke(self, name: str = "getImageDigest", /, **arguments: Any) -> Any:
        """Calls a function; returns the whole response."""
        request = provider_pb2.InvokeRequest(tok=f"cgr:index:{name}", args=to_struct(arguments))
        return self.stub.Invoke(request)


def urn(kind: str, name: str = "web") -> str:
    """Returns the URN of a resource."""
    return f"urn:pulumi:stack::project::{kind}::{name}"


@contextmanager
def serving(environment: Mapping[str, str], **handshake: Any) -> Iterator[Plugin]:
    """Serves a plugin and an engine, and yields the plugin.

    Args:
        environment: the environment variables of the plugin.
        handshake: what the engine says that it can do.
    """
    engine = Engine()
    log = grpc.server(ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, log)
    address = f"127.0.0.1:{log.add_insecure_port('127.0.0.1:0')}"
    log.start()
    server, port = start(Provider(None, environment))
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address=address, **handshake))
        yield Plugin(stub, engine)
    server.stop(None)
    log.stop(None)
