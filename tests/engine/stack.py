# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A stack and its operations, in the order of the engine.

For each resource a program registers:

1. `ignore_changes` copies the old inputs over the new ones.
2. `check` gets the old inputs (none for a new resource) and the new ones.
3. The checked inputs are compared with the plan, if there is one.
4. `diff` gets the old *outputs* and the checked inputs.
5. A replacement checks once more, without old inputs.
6. In a preview, the checked inputs are the new state, and the id of what is new is unknown.

The first check that fails interrupts the program, and nothing is checked after it.  The provider gets secrets as plain
values; what it returns is secret if the input of the same name is.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..support.programs import Running, start_script
from .host import Host, Properties
from .monitor import UNKNOWN, serving

DYNAMIC = "pulumi-python:dynamic"
PROVIDER_KEY = "__provider"
PROGRAM = Path(__file__).with_name("program.py")
READ_STATE = "pulumi:pulumi:readStackResourceOutputs"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
"""How a secret is marked on the wire, beside its value."""
SIGNS = {"create": "+", "update": "~", "replace": "+-", "delete": "-", "same": " "}

State = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Step:
    """The effect of an operation on one resource; `diff` has the old and new value of each property that changes."""

    op: str
    type: str
    name: str
    diff: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass
class Result:
    """The result of an operation; for a preview, of the update that it previews.  `provider_peak` is the provider's memory in KiB."""

    ok: bool = True
    steps: list[Step] = field(default_factory=list)
    outputs: Properties = field(default_factory=dict)
    diagnostics: list[str] = field(default_factory=list)
    plan: dict[str, Properties] = field(default_factory=dict)
    provider_peak: int = 0

    @property
    def changes(self) -> dict[str, str]:
        """The operation on each resource that changes."""
        return {step.name: step.op for step in self.steps if step.op != "same"}

    def render(self) -> str:
        """Shows the operation like the command `pulumi`."""
        lines = []
        for step in self.steps:
            lines.append(
                f"{SIGNS[step.op]:>3} {step.type.rpartition('/')[2]} {step.name} {step.op if step.op != 'same' else ''}".rstrip()
            )
            for key, (old, new) in step.diff.items():
                lines.append(f"      {'~' if old else '+'} {key}: {f'{_show(old)} => ' if old else ''}{_show(new)}")
        lines += [f"    {name}: {_show(value)}" for name, value in sorted(self.outputs.items())]
        return "\n".join([*lines, *(f"error: {line}" for line in self.diagnostics)])


@dataclass
class Stack:
    """A stack of one program: a directory with `__main__.py`, or a file.

    Attributes:
        program: the program.
        config: its configuration, by full key (`cgr:token`); those in `secrets` are secret.
        environ: additional environment variables of the program and the provider.
        state: the resources, as plain data.
        can_read_state: whether programs can read the state.
    """

    program: Path
    config: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    state: State = field(default_factory=dict)
    can_read_state: bool = True

    def preview(self) -> Result:
        """Returns what `up` would do, without changes."""
        return _Operation(self, dry_run=True, state=deepcopy(self.state), plan=None).run()

    def up(self, plan: Any = None, replace: str | None = None) -> Result:
        """Runs the program and updates the stack, within the plan of a preview if one is given.

        `replace` names a resource to replace even if it does not change.
        """
        return _Operation(self, dry_run=False, state=self.state, plan=plan, replace=replace).run()

    def planned(self) -> tuple[Result, Any]:
        """Previews, and returns a plan that constrains `up`."""
        result = self.preview()
        return result, result.plan

    def exported(self) -> str:
        """Returns the state as text, without the secrets in it."""
        return json.dumps(_masked(self.state))

    def refresh(self) -> Result:
        """Reads every resource."""
        with Host({**self.config, **self.secrets}, self.environment) as host:
            for urn, resource in self.state.items():
                if resource["type"].startswith(DYNAMIC):
                    resource["outputs"] = host.read(urn, resource["id"], resource["outputs"], resource["inputs"])
        return Result()

    def destroy(self) -> Result:
        """Deletes every resource."""
        operation = _Operation(self, dry_run=False, state=self.state, plan=None)
        with Host({**self.config, **self.secrets}, self.environment) as host:
            operation.host = host
            operation.delete(list(self.state))
        return operation.result

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of the program and the provider."""
        return {
            **os.environ,
            "PULUMI_PROJECT": "project",
            "PULUMI_STACK": "stack",
            "PULUMI_CONFIG": json.dumps({**self.config, **self.secrets}),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(self.secrets)),
            **self.environ,
        }


class _Operation:
    host: Host
    program: Running

    def __init__(
        self,
        stack: Stack,
        *,
        dry_run: bool,
        state: State,
        plan: Mapping[str, Properties] | None,
        replace: str | None = None,
    ) -> None:
        self.stack, self.dry_run, self.state, self.plan, self.replace = stack, dry_run, state, plan, replace
        self.result = Result()
        self.seen: set[str] = set()

    def run(self) -> Result:
        environ = self.stack.environment
        main = self.stack.program / "__main__.py" if self.stack.program.is_dir() else self.stack.program
        served = serving(self.register, self.invoke, self._outputs, self.result.diagnostics)
        with self._host(environ), served as address:
            arguments = [address, address, str(self.dry_run).lower(), str(main.resolve())]
            self.program = start_script(PROGRAM, arguments, Path.cwd(), environ)
            printed = self.program.communicate()
            self.result.provider_peak = self.host.peak_memory()
            self.result.diagnostics += [text.strip() for text in printed if text.strip()]
            self.result.ok = self.result.ok and self.program.returncode == 0
            if self.result.ok:
                self.delete([urn for urn in self.state if urn not in self.seen])
        return self.result

    @contextmanager
    def _host(self, environ: Mapping[str, str]) -> Iterator[None]:
        with Host({**self.stack.config, **self.stack.secrets}, environ) as self.host:
            yield

    def _outputs(self, outputs: Properties) -> None:
        self.result.outputs = outputs

    def invoke(self, token: str, _arguments: Properties) -> Properties:
        if token != READ_STATE or not self.stack.can_read_state:
            raise LookupError(f"there is no function {token} here")
        resources = {
            urn: {"type": each["type"], "outputs": _masked(each["outputs"])} for urn, each in self.state.items()
        }
        return {"name": "organization/project/stack", "outputs": resources}

    def register(self, request: Any, inputs: Properties) -> tuple[str, str, Properties] | None:
        urn = f"urn:pulumi:stack::project::{request.type}::{request.name}"
        if request.type == "pulumi:pulumi:Stack":
            return urn, "", {}
        self.seen.add(urn)
        if not self.result.ok:
            return None
        if not request.type.startswith(DYNAMIC):
            return urn, "" if self.dry_run else request.name, inputs
        old = self.state.get(urn)
        if old:
            ignored = set(old["inputs"]) | set(inputs) if "*" in request.ignoreChanges else set(request.ignoreChanges)
            inputs = {key: value for key, value in inputs.items() if key not in ignored}
            inputs.update({key: old["inputs"][key] for key in ignored if key in old["inputs"]})
        return self._register_dynamic(urn, request, inputs, old)

    def _register_dynamic(
        self, urn: str, request: Any, inputs: Properties, old: dict[str, Any] | None
    ) -> tuple[str, str, Properties] | None:
        checked = self._check(urn, request, old["inputs"] if old else {}, inputs)
        if checked is None:
            return None
        changes, replaces = (
            self.host.diff(urn, old["id"], _unwrapped(old["outputs"]), _unwrapped(checked)) if old else (True, False)
        )
        if old and request.name == self.replace:
            replaces = True
        if replaces:
            checked = self._check(urn, request, {}, inputs) or {}
        op = "replace" if replaces else "update" if old and changes else "same" if old else "create"
        before = old["outputs"] if old else {}
        diff = {} if op == "same" else _difference(before, checked)
        self.result.steps.append(Step(op, request.type, request.name, diff))
        self.result.plan[urn] = checked
        return self._apply(op, urn, request.type, checked, old)

    def _check(self, urn: str, request: Any, olds: Properties, news: Properties) -> Properties | None:
        checked, failures = self.host.check(urn, _unwrapped(olds), _unwrapped(news))
        checked = _marked(checked, news)
        for key, reason in failures:
            value = json.dumps(news.get(key))
            self._fail(f"{request.type} ({request.name}): property {key} value {{{value}}} has a problem: {reason}")
            self.program.send_signal(signal.SIGINT)
        if not failures and self.plan is not None and self.plan.get(urn) != checked:
            self._fail(f"{request.type} ({request.name}): resource violates plan")
            return None
        return None if failures else checked

    def _fail(self, sentence: str) -> None:
        self.result.ok = False
        self.result.diagnostics.append(sentence)

    def _apply(
        self, op: str, urn: str, type_: str, checked: Properties, old: dict[str, Any] | None
    ) -> tuple[str, str, Properties]:
        if op == "same" and old:
            id_, outputs = old["id"], old["outputs"]
        elif self.dry_run:
            id_, outputs = old["id"] if old and op == "update" else "", checked
        elif op == "update" and old:
            id_, outputs = old["id"], self.host.update(urn, old["id"], _unwrapped(old["outputs"]), _unwrapped(checked))
        else:
            id_, outputs = self.host.create(urn, _unwrapped(checked))
            if old:
                self.host.delete(urn, old["id"], _unwrapped(old["outputs"]))
        outputs = _marked(outputs, checked)
        self.state[urn] = {"type": type_, "id": id_, "inputs": checked, "outputs": outputs}
        return urn, id_, outputs

    def delete(self, urns: list[str]) -> None:
        for urn in urns:
            resource = self.state.pop(urn)
            self.result.steps.append(Step("delete", resource["type"], urn.rpartition("::")[2]))
            if not self.dry_run:
                self.host.delete(urn, resource["id"], _unwrapped(resource["outputs"]))


def _difference(old: Properties, new: Properties) -> dict[str, tuple[Any, Any]]:
    keys = sorted({*old, *new} - {PROVIDER_KEY})
    return {key: (old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)}


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and SECRET.items() <= value.items()


def _unwrapped(value: Any) -> Any:
    if _is_secret(value):
        return _unwrapped(value.get("value"))
    if isinstance(value, dict):
        return {key: _unwrapped(each) for key, each in value.items()}
    return [_unwrapped(each) for each in value] if isinstance(value, list) else value


def _has_secrets(value: Any) -> bool:
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return _is_secret(value) or any(map(_has_secrets, values))


def _marked(outs: Properties, ins: Properties) -> Properties:
    """Returns properties of which those are secret whose inputs of the same names are."""
    marked = {}
    for key, value in outs.items():
        of_same_name = ins.get(key)
        if isinstance(value, dict) and isinstance(of_same_name, dict) and not _is_secret(of_same_name):
            marked[key] = _marked(value, of_same_name)
        else:
            marked[key] = {**SECRET, "value": value} if _has_secrets(of_same_name) else value
    return marked


def _masked(value: Any) -> Any:
    if _is_secret(value):
        return "[secret]"
    if isinstance(value, dict):
        return {key: _masked(each) for key, each in value.items()}
    return [_masked(each) for each in value] if isinstance(value, list) else value


def _show(value: Any) -> str:
    return "(known after apply)" if value == UNKNOWN else json.dumps(_masked(value))
