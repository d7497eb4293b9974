# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The gRPC services that a Pulumi program calls to register its resources and to log."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, resource_pb2, resource_pb2_grpc

from .host import Properties, to_dict, to_struct

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How gRPC represents an unknown value."""

Register = Callable[[Any, Properties], "tuple[str, str, Properties] | None"]
"""Takes a request and its inputs; returns URN, id and state, or `None` after a failure."""
Invoke = Callable[[str, Properties], Properties]
"""Takes the token of a function and its arguments; returns its result."""


class _Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    def __init__(self, register: Register, invoke: Invoke, outputs: Callable[[Properties], None]) -> None:
        self._register = register
        self._invoke = invoke
        self._outputs = outputs
        self._lock = threading.Lock()  # the engine runs checks one at a time

    def SupportsFeature(self, request: Any, context: Any) -> Any:
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id == "secrets")

    def GetDeploymentInfo(self, request: Any, context: Any) -> Any:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "ask SupportsFeature instead")

    def RegisterResource(self, request: Any, context: Any) -> Any:
        with self._lock:
            registered = self._register(request, to_dict(request.object))
        if registered is None:
            return resource_pb2.RegisterResourceResponse(result=resource_pb2.Result.FAIL, object=request.object)
        urn, id_, state = registered
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=to_struct(state))

    def Invoke(self, request: Any, context: Any) -> Any:
        return provider_pb2.InvokeResponse(**{"return": to_struct(self._invoke(request.tok, to_dict(request.args)))})

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        self._outputs(to_dict(request.outputs))
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


class _Engine(engine_pb2_grpc.EngineServicer):
    def __init__(self, diagnostics: list[str]) -> None:
        self._diagnostics = diagnostics
        self._root = ""

    def Log(self, request: Any, context: Any) -> Any:
        if request.severity != engine_pb2.DEBUG:
            self._diagnostics.append(request.message)
        return empty_pb2.Empty()

    def SetRootResource(self, request: Any, context: Any) -> Any:
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def GetRootResource(self, request: Any, context: Any) -> Any:
        return engine_pb2.GetRootResourceResponse(urn=self._root)


@contextmanager
def serving(
    register: Register, invoke: Invoke, outputs: Callable[[Properties], None], diagnostics: list[str]
) -> Iterator[str]:
    """Serves both services, and yields their address.

    Args:
        register: called for each resource, one at a time.
        invoke: called for each built-in function of the engine.
        outputs: called with the outputs of the stack.
        diagnostics: the list to which the program's log messages are appended.
    """
    server = grpc.server(ThreadPoolExecutor(max_workers=32))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(_Monitor(register, invoke, outputs), server)
    engine_pb2_grpc.add_EngineServicer_to_server(_Engine(diagnostics), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None)
