# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The ways in which the engine installs the plugin: the folder in git, and the archives of a release."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import yaml

from ..support.environments import ROOT

FOLDER = ROOT / "plugin"


def test_the_folder_starts_the_plugin() -> None:
    """The engine runs `python FOLDER` in an environment with the requirements."""
    with subprocess.Popen([sys.executable, str(FOLDER)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline()
        process.terminate()

    assert int(port) > 0
    assert yaml.safe_load((FOLDER / "PulumiPlugin.yaml").read_text()) == {"runtime": "python"}


def test_the_folder_requires_the_package_around_it() -> None:
    (requirement,) = (FOLDER / "requirements.txt").read_text().split()

    path, _bracket, extra = requirement.partition("[")
    assert (FOLDER / path).resolve() == ROOT
    assert extra == "pulumi]"


def test_an_archive_of_a_release_requires_the_package_of_its_version(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / ".ci/plugin-archives"), "1.2.3", str(tmp_path)], check=True)

    written = sorted(tmp_path.iterdir())
    assert [file.name.removeprefix("pulumi-resource-cgr-v1.2.3-").removesuffix(".tar.gz") for file in written] == [
        f"{system}-{processor}" for system in ("darwin", "linux", "windows") for processor in ("amd64", "arm64")
    ]
    with tarfile.open(written[0]) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    assert {file.name: file.read_text() for file in (tmp_path / "unpacked").iterdir()} == {
        "PulumiPlugin.yaml": (FOLDER / "PulumiPlugin.yaml").read_text(),
        "__main__.py": (FOLDER / "__main__.py").read_text(),
        "requirements.txt": "pulumi-cgr[pulumi]==1.2.3\n",
    }
