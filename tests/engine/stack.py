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

The first check that fails interrupts the program, and nothing is checked after it.  What is said of it has the value of its
property, even if that is a secret.  The provider gets secrets as plain
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
from .marks import marked, masked, unwrapped
from .monitor import UNKNOWN, serving

PROVIDER_KEY = "__provider"
PROGRAM = Path(__file__).with_name("program.py")
READ_STATE = "pulumi:pulumi:readStackResourceOutputs"
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
        host: the provider's process.
    """

    program: Path
    config: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    state: State = field(default_factory=dict)
    can_read_state: bool = True
    host: type[Host] = Host

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
        return json.dumps(masked(self.state))

    def refresh(self) -> Result:
        """Reads every resource."""
        with self.host({**self.config, **self.secrets}, self.environment) as host:
            for urn, resource in self.state.items():
                if resource["type"].startswith(self.host.types):
                    resource["outputs"] = host.read(urn, resource["id"], resource["outputs"], resource["inputs"])
        return Result()

    def destroy(self) -> Result:
        """Deletes every resource."""
        operation = _Operation(self, dry_run=False, state=self.state, plan=None)
        with self.host({**self.config, **self.secrets}, self.environment) as host:
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
        with served as address, self._host(environ, address):
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
    def _host(self, environ: Mapping[str, str], address: str) -> Iterator[None]:
        with self.stack.host({**self.stack.config, **self.stack.secrets}, environ, address) as self.host:
            yield

    def _sent(self, value: Any) -> Any:
        return value if self.host.accepts_secrets else unwrapped(value)

    def _received(self, outs: Properties, ins: Properties) -> Properties:
        return outs if self.host.accepts_secrets else marked(outs, ins)

    def _outputs(self, outputs: Properties) -> None:
        self.result.outputs = outputs

    def invoke(self, token: str, _arguments: Properties) -> Properties:
        if token != READ_STATE or not self.stack.can_read_state:
            raise LookupError(f"there is no function {token} here")
        resources = {
            urn: {"type": each["type"], "outputs": masked(each["outputs"])} for urn, each in self.state.items()
        }
        return {"name": "organization/project/stack", "outputs": resources}

    def register(self, request: Any, inputs: Properties) -> tuple[str, str, Properties] | None:
        urn = f"urn:pulumi:stack::project::{request.type}::{request.name}"
        if request.type == "pulumi:pulumi:Stack":
            return urn, "", {}
        self.seen.add(urn)
        if not self.result.ok:
            return None
        if not request.type.startswith(self.host.types):
            return urn, "" if self.dry_run else request.name, inputs
        old = self.state.get(urn)
        if old:
            ignored = set(old["inputs"]) | set(inputs) if "*" in request.ignoreChanges else set(request.ignoreChanges)
            inputs = {key: value for key, value in inputs.items() if key not in ignored}
            inputs.update({key: old["inputs"][key] for key in ignored if key in old["inputs"]})
        return self._register_own(urn, request, inputs, old)

    def _register_own(
        self, urn: str, request: Any, inputs: Properties, old: dict[str, Any] | None
    ) -> tuple[str, str, Properties] | None:
        checked = self._check(urn, request, old["inputs"] if old else {}, inputs)
        if checked is None:
            return None
        changes, replaces = (
            self.host.diff(urn, old["id"], self._sent(old["outputs"]), self._sent(checked)) if old else (True, False)
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
        checked, failures = self.host.check(urn, self._sent(olds), self._sent(news))
        checked = self._received(checked, news)
        for key, reason in failures:
            about = f": property {key} value {{{json.dumps(unwrapped(news.get(key)))}}}" if key else ""
            self._fail(f"{request.type} resource '{request.name}'{about} has a problem: {reason}")
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
        elif self.dry_run and not self.host.supports_preview:
            id_, outputs = old["id"] if old and op == "update" else "", checked
        elif op == "update" and old:
            id_, outputs = old["id"], self.host.update(urn, old["id"], self._sent(old["outputs"]), self._sent(checked))
        else:
            id_, outputs = self.host.create(urn, self._sent(checked))
            if old and not self.dry_run:
                self.host.delete(urn, old["id"], self._sent(old["outputs"]))
        outputs = self._received(outputs, checked)
        self.state[urn] = {"type": type_, "id": id_, "inputs": checked, "outputs": outputs}
        return urn, id_, outputs

    def delete(self, urns: list[str]) -> None:
        for urn in urns:
            resource = self.state.pop(urn)
            self.result.steps.append(Step("delete", resource["type"], urn.rpartition("::")[2]))
            if not self.dry_run:
                self.host.delete(urn, resource["id"], self._sent(resource["outputs"]))


def _difference(old: Properties, new: Properties) -> dict[str, tuple[Any, Any]]:
    keys = sorted({*old, *new} - {PROVIDER_KEY})
    return {key: (old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)}


def _show(value: Any) -> str:
    return "(known after apply)" if value == UNKNOWN else json.dumps(masked(value))
