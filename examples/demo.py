"""Pins the same images with a real playbook and a real Pulumi program, and shows that both agree.

It needs no network: a registry in this process serves recorded tag histories.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
ROOT = EXAMPLES.parent
sys.path.insert(0, str(ROOT))

from pulumi_cgr.testing import Histories, Registry  # noqa: E402
from tests.engine import Stack  # noqa: E402

REF = re.compile(r"cgr\.dev/[a-z/-]+:[a-z-]+@sha256:[0-9a-f]{64}")
INSTALL = (
    "import sys; from pulumi.automation import PulumiCommand; print(PulumiCommand.install(root=sys.argv[1]).command)"
)
SECONDS_TO_INSTALL = 120


def main() -> int:
    """Runs Ansible and Pulumi and returns the exit status: 0 if they agree."""
    commands = Path(sys.executable).parent
    histories = Histories.load(ROOT / "tests/data/recorded-histories.json")
    with Registry(histories) as registry, tempfile.TemporaryDirectory() as scratch:
        environ = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "CGR_REGISTRY": registry.url}
        environ.update(ANSIBLE_COLLECTIONS_PATH=str(ROOT), ANSIBLE_LOCALHOST_WARNING="false", LC_ALL="C.UTF-8")
        say(f"A registry with {len(histories.images)} recorded tag histories answers at CGR_REGISTRY={registry.url}")
        by_ansible = run_ansible(environ)
        by_pulumi = run_pulumi(environ, Path(scratch))
    say("What was pinned")
    for ref in sorted(by_ansible | by_pulumi):
        who = " and ".join(name for name, refs in (("Ansible", by_ansible), ("Pulumi", by_pulumi)) if ref in refs)
        print(f"  {ref}  by {who}")
    if by_pulumi != by_ansible:
        say("Ansible and Pulumi do not agree")
        return 1
    say("Both agree. Unset CGR_REGISTRY, and the same playbook and program ask cgr.dev.")
    return 0


def run_ansible(environ: dict[str, str]) -> set[str]:
    """Runs the playbook and returns the references in the files it wrote."""
    say("ansible-playbook -i examples/ansible/inventory.yaml examples/ansible/site.yaml")
    example = EXAMPLES / "ansible"
    shutil.rmtree(example / "out", ignore_errors=True)
    subprocess.run(
        ["ansible-playbook", "-i", example / "inventory.yaml", example / "site.yaml"], env=environ, check=True, cwd=ROOT
    )
    written = [path for path in (example / "out").rglob("*") if path.is_file()]
    print(f"It wrote {len(written)} files below examples/ansible/out")
    return {ref for path in written for ref in REF.findall(path.read_text())}


def run_pulumi(environ: dict[str, str], scratch: Path) -> set[str]:
    """Previews the program and returns the references it would deploy."""
    pulumi = shutil.which("pulumi") or installed_pulumi()
    if pulumi is None:
        say(
            "The command pulumi is not on PATH and cannot be downloaded here: a preview by the SDK and a stand-in for the engine"
        )
        result = Stack(EXAMPLES / "demo", environ=environ).preview()
        print(result.render())
        return set(result.outputs.values()) if result.ok else set()
    say("pulumi up")
    environ.update(
        PULUMI_BACKEND_URL=f"file://{scratch}", PULUMI_CONFIG_PASSPHRASE="demo", PULUMI_SKIP_UPDATE_CHECK="true"
    )
    environ.update(PULUMI_HOME=str(scratch / "home"), PATH=f"{Path(pulumi).parent}:{environ['PATH']}")
    project = scratch / "project"
    shutil.copytree(EXAMPLES / "demo", project)
    for arguments in (["stack", "init", "demo"], ["up", "--yes", "--non-interactive"]):
        subprocess.run([pulumi, *arguments], env=environ, check=True, cwd=project)
    outputs = subprocess.run(
        [pulumi, "stack", "output", "--json"], env=environ, check=True, cwd=project, capture_output=True, text=True
    )
    return set(json.loads(outputs.stdout).values())


def installed_pulumi() -> str | None:
    """Installs the command into .build with the SDK, and returns its path; `None` if that fails."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", INSTALL, str(ROOT / ".build/pulumi")],
            capture_output=True,
            text=True,
            timeout=SECONDS_TO_INSTALL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def say(sentence: str) -> None:
    """Prints a headline."""
    print(f"\n==> {sentence}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
