# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The provider `cgr`, as the engine speaks to it: the handshake, its schema, its configuration, its functions.

https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto describes each method.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2

from .._bridge import VERSION
from .._pulumi.resource_type import hides_arguments
from ..resolver import CgrError
from .configuration import Configured, check_config, diff_config
from .engine_log import EngineLog
from .failures import check_failure, guarded
from .functions import function_of
from .resources import Resources
from .wire import read, write


class Provider(Resources):
    """The service; one process serves one configured provider.

    Args:
        engine: the address of the engine, for its log; `None` if there is no engine.
        environment: the environment variables, for settings that the configuration does not give.
    """

    def __init__(self, engine: str | None, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._log = EngineLog(engine)
        self._can_refresh = False
        self._made: Configured | None = None

    @property
    def _configured(self) -> Configured:
        if self._made is None:
            self._made = Configured.of({}, self._environment, self._log.debug)
        return self._made

    def Handshake(self, request: Any, _context: grpc.ServicerContext) -> Any:
        """Learns what the engine can do."""
        self._log.connect(request.engine_address)
        self._can_refresh = request.supports_refresh_before_update
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request: Any, _context: grpc.ServicerContext) -> Any:
        """Connects to an engine that did not start this process."""
        self._log.connect(request.address)
        return Empty()

    def GetPluginInfo(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        """Returns the version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    @guarded
    def GetSchema(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        """Returns the schema, from which the engine makes packages for other languages."""
        schema = json.loads(resources.files(__package__).joinpath("schema.json").read_text("utf-8"))
        return provider_pb2.GetSchemaResponse(schema=json.dumps({**schema, "version": VERSION}))

    @guarded
    def CheckConfig(self, request: Any, _context: grpc.ServicerContext) -> Any:
        """Checks the settings."""
        response, warnings = check_config(request, self._environment)
        self._log.warn(warnings)
        return response

    @guarded
    def DiffConfig(self, request: Any, _context: grpc.ServicerContext) -> Any:
        """Compares the settings with those of the last run."""
        return diff_config(request)

    @guarded
    def Configure(self, request: Any, _context: grpc.ServicerContext) -> Any:
        """Takes the settings, and begins a run."""
        self._made = Configured.of(read(request.args), self._environment, self._log.debug)
        self._log.start_run()
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @guarded
    def Invoke(self, request: Any, _context: grpc.ServicerContext) -> Any:
        """Calls a function, which needs no resource."""
        function = function_of(request.tok)
        given = read(request.args)
        is_hidden = hides_arguments(given.secret)
        try:
            configured = self._configured
            result = configured.lookups.result_of(lambda: function.call(given, configured.resolver))
        except CgrError as error:
            return provider_pb2.InvokeResponse(failures=[check_failure(error, is_secret=is_hidden)])
        if not is_hidden:
            self._log.warn(result.warnings)
        secret = result.values.keys() if given.secret else ()
        return provider_pb2.InvokeResponse(**{"return": write(result.values, secret)})

    def Cancel(self, _request: Any, _context: grpc.ServicerContext) -> Any:
        """Ends all waiting at once."""
        self._configured.lookups.cancel()
        return Empty()
