# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The wheel and the collection work in empty environments, installed as users install them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from pulumi_cgr.plugin import MISSING
from pulumi_cgr.testing import Registry

from .support.environments import ROOT

COLLECTION = ROOT / "ansible_collections/cgr/images"
IMAGE = "cgr.dev/acme.com/python:3.12"
DIGEST = "sha256:" + 64 * "a"
HISTORY = {"acme.com/python:3.12": [{"updateTimestamp": "2026-01-31T00:00:00Z", "digest": DIGEST}]}
RESOLVE = f"from pulumi_cgr.resolver import Resolver; print(Resolver().resolve({IMAGE!r}).ref)"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)], folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry(HISTORY, tokens=["t"]) as registry:
        yield registry


def run(command: list[str], folder: Path, **environ: str) -> str:
    """Runs a command outside of this checkout, and returns its output."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", **environ}
    for kept in (
        "PIP_CACHE_DIR",
        "UV_CACHE_DIR",
        "UV_DEFAULT_INDEX",
        "SSL_CERT_FILE",
        "PIP_CERT",
        "PIP_INDEX_URL",
        "PIP_CONFIG_FILE",
        "PIP_FIND_LINKS",
        "XDG_CACHE_HOME",
    ):
        if kept in os.environ:
            env[kept] = os.environ[kept]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install(folder: Path, *requirements: str) -> Path:
    """Creates an environment, installs into it, and returns the directory of its commands."""
    run([sys.executable, "-m", "venv", str(folder / "env")], folder)
    run([str(folder / "env/bin/python"), "-m", "pip", "install", "--quiet", *requirements], folder)
    return folder / "env/bin"


def test_the_wheel_holds_both_trees_and_no_more(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "pulumi_cgr/py.typed",
        "ansible_collections/cgr/images/py.typed",
        "pulumi_cgr/pulumi-plugin.json",
        "pulumi_cgr/plugin/schema.json",
        "ansible_collections/cgr/images/galaxy.yml",
        "ansible_collections/cgr/images/meta/runtime.yml",
        "ansible_collections/cgr/images/plugins/module_utils/_resolver/resolver.py",
    ):
        assert needed in names
    # Either of these would hide the collections of other packages.
    assert not {"ansible_collections/__init__.py", "ansible_collections/cgr/__init__.py"} & set(names)
    assert not [name for name in names if "/tests/" in name]
    # The version of both is the collection's.
    version = yaml.safe_load((COLLECTION / "galaxy.yml").read_text())["version"]
    assert {name.split("/")[0] for name in names} == {
        "pulumi_cgr",
        "ansible_collections",
        f"pulumi_cgr-{version}.dist-info",
    }


@pytest.mark.slow
def test_the_resolver_needs_requests_alone(wheel: Path, registry: Registry, tmp_path: Path) -> None:
    commands = install(tmp_path, str(wheel))

    printed = run([str(commands / "python"), "-c", RESOLVE], tmp_path, CGR_REGISTRY=registry.url, CGR_TOKEN="t")

    assert printed == f"{IMAGE}@{DIGEST}\n"
    installed = run([str(commands / "python"), "-m", "pip", "list", "--format", "freeze"], tmp_path)
    assert "pulumi==" not in installed
    assert "ansible" not in installed
    plugin = subprocess.run([commands / "pulumi-resource-cgr"], capture_output=True, text=True, check=False)
    assert (plugin.returncode, plugin.stderr) == (1, MISSING + "\n")


@pytest.mark.slow
def test_ansible_finds_the_collection_in_the_wheel(wheel: Path, registry: Registry, tmp_path: Path) -> None:
    commands = install(tmp_path, f"{wheel}[ansible]")
    task = f"msg={{{{ lookup('cgr.images.ref', '{IMAGE}') }}}}"
    environ = {"CGR_REGISTRY": registry.url, "CGR_TOKEN": "t"}

    printed = run([str(commands / "ansible"), "localhost", "-m", "debug", "-a", task], tmp_path, **environ)

    assert f"{IMAGE}@{DIGEST}" in printed
    installed = run([str(commands / "python"), "-m", "pip", "list", "--format", "freeze"], tmp_path)
    assert "pulumi==" not in installed


def uv(folder: Path, *arguments: str) -> None:
    """Runs uv, which unpacks a package once for all environments, unlike pip."""
    environ = {
        "UV_CACHE_DIR": str(ROOT / ".build/uv"),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_TOOL_DIR": str(folder / "tools"),
        "UV_TOOL_BIN_DIR": str(folder / "bin"),
    }
    run([str(Path(sys.executable).parent / "uv"), *arguments], folder, **environ)


@pytest.mark.slow
def test_the_collection_stands_beside_those_of_the_package_ansible(wheel: Path, tmp_path: Path) -> None:
    commands = tmp_path / "env/bin"
    uv(tmp_path, "venv", "--python", sys.executable, str(tmp_path / "env"))
    uv(tmp_path, "pip", "install", "--python", str(commands / "python"), "ansible", str(wheel))

    listed = run([str(commands / "ansible-galaxy"), "collection", "list"], tmp_path)

    assert {"cgr.images", "community.general"} <= {line.split()[0] for line in listed.splitlines() if line}


@pytest.mark.slow
def test_the_command_is_a_tool_of_its_own(wheel: Path, registry: Registry, tmp_path: Path) -> None:
    """Like pipx, `uv tool install` creates a separate environment."""
    uv(tmp_path, "tool", "install", "--python", sys.executable, f"pulumi-cgr[cli] @ {wheel.as_uri()}")

    command = [str(tmp_path / "bin/cgr-images"), "resolve", IMAGE]
    printed = run(command, tmp_path, CGR_REGISTRY=registry.url, CGR_TOKEN="t")

    assert f"{IMAGE}@{DIGEST}" in printed


@pytest.mark.slow
def test_pulumi_programs_find_the_package(wheel: Path, tmp_path: Path) -> None:
    commands = install(tmp_path, f"{wheel}[pulumi]")
    program = f"""
import pulumi
from pulumi_cgr.testing import Mocks
pulumi.runtime.set_mocks(Mocks({HISTORY!r}))
import pulumi_cgr as cgr
print(cgr.get_image_digest({IMAGE!r}).ref)
"""

    printed = run([str(commands / "python"), "-c", program], tmp_path)

    assert printed == f"{IMAGE}@{DIGEST}\n"
    installed = run([str(commands / "python"), "-m", "pip", "list", "--format", "freeze"], tmp_path)
    assert "ansible" not in installed


@pytest.mark.slow
def test_galaxy_installs_the_collection_on_a_controller(tmp_path: Path, registry: Registry) -> None:
    commands = install(tmp_path, "ansible-core", "--requirement", str(COLLECTION / "requirements.txt"))
    galaxy = [str(commands / "ansible-galaxy"), "collection"]
    run([*galaxy, "build", "--output-path", str(tmp_path), str(COLLECTION)], tmp_path)
    (built,) = tmp_path.glob("cgr-images-*.tar.gz")
    run([*galaxy, "install", "--offline", str(built)], tmp_path)
    ask = ["localhost", "-m", "cgr.images.digest_info", "-a", f"image={IMAGE}"]

    printed = run([str(commands / "ansible"), *ask], tmp_path, CGR_REGISTRY=registry.url, CGR_TOKEN="t")

    assert f"{IMAGE}@{DIGEST}" in printed


def test_the_collection_needs_what_the_package_needs() -> None:
    needed = [requirement for requirement in metadata.requires("pulumi-cgr") or [] if "extra ==" not in requirement]

    assert (COLLECTION / "requirements.txt").read_text().splitlines() == needed
