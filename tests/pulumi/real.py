# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The real engine, by the Automation API: an inline program, and a backend of files."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pulumi.automation as auto
import yaml

from tests.engine import Result, Stack, Step


class RealStack(Stack):
    """The same operations as the stand-in's, done by the command `pulumi`."""

    _made: auto.Stack | None = None
    _set: Mapping[str, auto.ConfigValue] = MappingProxyType({})

    @property
    def _backend(self) -> Path:
        backend = self.program.parent / "backend"
        backend.mkdir(exist_ok=True)
        return backend

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of the engine."""
        return {
            "PULUMI_CONFIG_PASSPHRASE": "none",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_HOME": str(self._backend),
        }

    def _make(self) -> auto.Stack:
        backend = auto.ProjectBackend(f"file://{self._backend}")
        settings = auto.ProjectSettings("project", runtime="python", backend=backend)
        options = auto.LocalWorkspaceOptions(project_settings=settings, env_vars=self.variables)
        return auto.create_or_select_stack("stack", project_name="project", program=self._run, opts=options)

    @property
    def _stack(self) -> auto.Stack:
        if self._made is None:
            self._made = self._make()
        wanted = {key: auto.ConfigValue(value) for key, value in self.config.items()}
        wanted |= {key: auto.ConfigValue(value, secret=True) for key, value in self.secrets.items()}
        if wanted != self._set:
            self._made.set_all_config(wanted)
            self._set = wanted
        return self._made

    def _run(self) -> None:
        runpy.run_path(str(self.program), run_name="__main__")

    def preview(self, plan: str | None = None) -> Result:
        return _watched(lambda on_event: self._stack.preview(on_event=on_event, plan=plan))

    def up(self, plan: Any = None, replace: str | None = None) -> Result:
        known = json.loads(self.exported())["checkpoint"]["latest"]["resources"] if replace else []
        urns = [each["urn"] for each in known if each["urn"].endswith(f"::{replace}")]
        return _watched(lambda on_event: self._stack.up(on_event=on_event, plan=plan, replace=urns or None))

    def refresh(self) -> Result:
        return _watched(lambda on_event: self._stack.refresh(on_event=on_event))

    def destroy(self) -> Result:
        return _watched(lambda on_event: self._stack.destroy(on_event=on_event))

    def planned(self) -> tuple[Result, Any]:
        plan = str(self.program.parent / "plan.json")
        return self.preview(plan), plan

    def exported(self) -> str:
        (file,) = self.program.parent.glob("backend/.pulumi/stacks/project/stack.json")
        return file.read_text()


@dataclass
class YamlStack(RealStack):
    """A stack whose program is a `Pulumi.yaml`, with the plugin in this process.

    Attributes:
        port: the port of the plugin; 0 to start the one on PATH, once for each provider in the program.
    """

    port: int = 0

    def _make(self) -> auto.Stack:
        attached = {"PULUMI_DEBUG_PROVIDERS": f"cgr:{self.port}"} if self.port else {}
        options = auto.LocalWorkspaceOptions(env_vars={**self.variables, **attached})
        return auto.create_or_select_stack("stack", work_dir=str(self.program.parent), opts=options)

    def write(self, parts: Mapping[str, Any]) -> None:
        """Writes the program."""
        backend = {"url": f"file://{self._backend}"}
        self.program.write_text(yaml.safe_dump({"name": "project", "backend": backend, **parts}, sort_keys=False))


def _watched(operation: Callable[[Callable[[auto.EngineEvent], None]], object]) -> Result:
    result = Result()

    def on_event(event: auto.EngineEvent) -> None:
        if event.resource_pre_event:
            _add_step(result, event.resource_pre_event.metadata)
        if event.res_outputs_event and event.res_outputs_event.metadata.type == "pulumi:pulumi:Stack":
            new = event.res_outputs_event.metadata.new
            result.outputs = dict((new.outputs if new else None) or {})
        if event.diagnostic_event and event.diagnostic_event.severity in ("error", "warning"):
            _add_diagnostic(result, event.diagnostic_event.message.strip())

    try:
        operation(on_event)
    except auto.CommandError as error:
        result.ok = False
        # The Automation API can miss the last events of a command.
        for line in map(str.strip, str(error).splitlines()):
            message = line.removeprefix("error: ")
            if line != message and not any(message in known for known in result.diagnostics):
                _add_diagnostic(result, message)
        if not result.diagnostics:
            result.diagnostics.append(str(error))
    return result


def _add_diagnostic(result: Result, message: str) -> None:
    # How the Automation API repeats the error with which an inline program ends.
    if not message.startswith("an unhandled error occurred: "):
        result.diagnostics.append(message)


def _add_step(result: Result, metadata: Any) -> None:
    op = "replace" if metadata.op in ("create-replacement", "replace") else metadata.op.value
    if metadata.type.startswith("pulumi:") or op in ("delete-replaced", "read", "refresh"):
        return
    old: Mapping[str, Any] = (metadata.old.outputs if metadata.old else None) or {}
    new: Mapping[str, Any] = (metadata.new.inputs if metadata.new else None) or {}
    keys = sorted({*old, *new} - {"__provider"}) if op != "same" else []
    diff = {key: (old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)}
    step = Step(op, metadata.type, metadata.urn.rpartition("::")[2], diff)
    if step not in result.steps:
        result.steps.append(step)
