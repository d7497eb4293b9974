# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The rules for every command: help, exit statuses, errors, JSON, terminals and interrupts."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pulumi_cgr._bridge import SETTINGS
from pulumi_cgr.testing import Histories, Registry, Reply, Request
from tests.support.machine import GOOD, IMAGE, PASSWORD, made

from .command import ENTRY_POINT, Command
from .reference import COMMANDS

PYTHON = "cgr.dev/chainguard/python:latest-dev"
EVERY = [option for command in COMMANDS.values() for option in command.options]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_documents_each_option(name: str, cgr: Command) -> None:
    cgr.environ["COLUMNS"] = "200"

    printed = cgr(name, "--help")

    assert printed.status == 0
    assert printed.err == ""
    for option in COMMANDS[name].options:
        assert option.help, option.name
        assert all(flag in printed.out for flag in option.flags)
    assert "Exit status" in printed.out


def test_no_option_takes_a_secret() -> None:
    assert not {setting.name for setting in SETTINGS if setting.is_secret} & {option.name for option in EVERY}


def test_help_is_quick_for_it_imports_neither_pulumi_nor_requests() -> None:
    script = "import sys; from pulumi_cgr.cli.app import run; run(['--help']); print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert not {"pulumi", "requests", "ansible", "yaml"} & set(done.stdout.split())


def test_python_runs_it_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "pulumi_cgr.cli", "--help"], capture_output=True, check=False)

    assert done.returncode == 0


def test_without_its_libraries_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise ModuleNotFoundError(name='typer')")
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from pulumi_cgr.cli import main; main()"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert (
        done.stderr
        == "cgr-images needs libraries that are not installed here: python -m pip install 'pulumi-cgr[cli]'\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["resolve"], "Missing argument 'IMAGE…'. See cgr-images resolve --help."),
        (["resolve", "--builds-forward", "1", PYTHON], "No such option: --builds-forward"),
        (["resolv", PYTHON], "No such command 'resolv'"),
        (["resolve", "python"], "is an image of Docker Hub; did you mean"),
        (["resolve", PYTHON, "--min-age", "7 days"], "min_age '7 days' is not a duration"),
        (["resolve", PYTHON, PYTHON[:-4], "--current", "sha256:" + 64 * "a"], "current belongs to one image"),
        (["resolve", PYTHON, "--mirror", "registry.example.com"], "mirrors 'registry.example.com' cannot be parsed"),
        (["history", PYTHON, "--since", "yesterday"], "since 'yesterday' is not an instant"),
        (["history", PYTHON, "--since", "2024-06-01", "--until", "2024-05-01"], "is not before until"),
        (["history", PYTHON, "--until", "2999-01-01"], "until 2999-01-01T00:00:00Z is in the future"),
        (["history", PYTHON, "--since", "2999-01-01"], "since 2999-01-01T00:00:00Z is in the future"),
        (["resolve", PYTHON, "--lock", "-"], "--lock - is standard input, which cannot be a lock file"),
        (["lock", PYTHON, "--lock", "-"], "--lock - is standard input, which cannot be a lock file"),
        (["lock"], "To update what is locked, use --upgrade"),
        (["history", f"{PYTHON.partition(':')[0]}@sha256:{64 * 'a'}"], "has no tag, so it has no history"),
        (["history", PYTHON, "--svg", "no/such/folder.svg"], "no/such/folder.svg cannot be written: No such file"),
    ],
)
def test_wrong_usage_is_one_sentence_and_status_2(arguments: list[str], said: str, cgr: Command) -> None:
    done = cgr(*arguments)

    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("cgr-images: ")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_wrong_usage_is_json_where_json_is_asked_for(cgr: Command) -> None:
    done = cgr("resolve", "--no-such-option", "--json")

    assert (done.status, done.err) == (2, f"cgr-images: {done.json['error']['message']}\n")
    assert done.json["error"]["error_code"] == "invalid"


@pytest.mark.parametrize("command", ["resolve", "history"])
def test_a_refusal_is_one_sentence_and_status_1(command: str, cgr: Command) -> None:
    done = cgr(command, "cgr.dev/chainguard/python:no-such-tag", "--json")

    assert done.status == 1
    assert re.fullmatch(r"cgr-images: cgr\.dev/chainguard/python:no-such-tag: .+ Check its spelling\.\n", done.err)
    assert done.json["error"]["error_code"] == "unknown_tag"
    assert done.err == f"cgr-images: {done.json['error']['message']}\n"


def test_a_set_without_an_answer_lists_each(cgr: Command) -> None:
    done = cgr("resolve", PYTHON, "cgr.dev/chainguard/python:a", "cgr.dev/chainguard/python:b", "--json")

    assert done.status == 1
    assert "2 of 3 images cannot be resolved" in done.err
    assert set(done.json["error"]["images"]) == {"cgr.dev/chainguard/python:a", "cgr.dev/chainguard/python:b"}


def test_credentials_come_from_the_environment_and_verbose_says_which(tmp_path: Path) -> None:
    with (machine := made(tmp_path)).registry as registry:
        done = Command(tmp_path, registry.url, {"CGR_TOKEN": GOOD})("resolve", IMAGE, "-v")

        assert done.status == 0
        assert "credentials: settings: used: the token that was given" in done.err
        machine.write(
            ".docker/config.json", {"auths": {"cgr.dev": {"auth": "YWNtZS9wdWxsOnRoZS1zZWNyZXQtcGFzc3dvcmQ="}}}
        )
        done = Command(tmp_path, registry.url)("resolve", IMAGE, "--verbose", "--json")

        assert done.json["images"][0]["image"] == IMAGE
        assert "credentials: settings: neither token nor username and password is given" in done.err
        assert re.search(r"credentials: .+: used: .*config\.json", done.err)
        assert PASSWORD not in done.err
        assert "credentials" not in Command(tmp_path, registry.url)("resolve", IMAGE).err


def test_another_registry_and_mirrors_are_options(cgr: Command, registry: Registry) -> None:
    cgr.registry = "http://127.0.0.1:9"
    mirror = "registry.example.com/cgr=cgr.dev/chainguard"

    done = cgr("resolve", "registry.example.com/cgr/python", "--registry", registry.url, "--mirror", mirror)

    assert done.out.startswith("registry.example.com/cgr/python:latest@sha256:")


@pytest.mark.parametrize("command", ["resolve", "history"])
def test_colour_is_for_terminals_that_want_it(command: str, cgr: Command) -> None:
    arguments = [command, PYTHON, *(["--since", "2024-01-01"] if command == "history" else [])]

    assert "\x1b[" in cgr.on_a_terminal(*arguments).out
    assert "\x1b[" not in cgr(*arguments).out
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", cgr.on_a_terminal(*arguments, NO_COLOR="1").out)
    assert "\x1b[" not in cgr.on_a_terminal(*arguments, TERM="dumb").out


def test_long_work_has_a_progress_bar_on_a_terminal(recorded: Histories, tmp_path: Path) -> None:
    with Registry(recorded, delay=0.1) as slow:
        cgr = Command(tmp_path, slow.url)
        many = [f"cgr.dev/{image}" for image in recorded.images if image.startswith("chainguard/")]
        looking = cgr.on_a_terminal("resolve", *many).out
        reading = cgr.on_a_terminal("history", "cgr.dev/chainguard/crane:latest-dev", "--since", "2023-01-01").out
        piped = cgr("resolve", *many).err

    assert f"/{len(many)}" in looking
    assert "Looking up" in looking
    assert "Reading the history" in reading
    assert piped == ""


def test_nobody_hears_of_a_reader_that_has_enough(cgr: Command) -> None:
    script = f"set -o pipefail; {ENTRY_POINT} history {PYTHON} --since 2023-01-01 | head -1"

    done = subprocess.run(
        ["bash", "-c", script], cwd=cgr.folder, env=cgr.environment, capture_output=True, text=True, check=False
    )

    assert done.stdout.startswith(PYTHON)
    assert done.stderr == ""


def test_a_reader_that_is_gone_ends_it_quietly(cgr: Command) -> None:
    run = cgr.start("history", PYTHON, "--since", "2023-01-01")
    assert run.stdout
    assert run.stderr
    run.stdout.close()

    assert run.stderr.read() == ""
    assert run.wait() == 141


LONG = {
    "history": ["history", PYTHON, "--svg", "timeline.svg", "--json"],
    "pin": ["pin", "deploy"],
    "lock": ["lock", "--files", "deploy"],
}


@pytest.mark.parametrize(("kind", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("step", ["/token", "/_chainguard/history/"])
@pytest.mark.parametrize("command", LONG)
def test_an_interrupt_is_one_sentence_and_changes_nothing(
    command: str, kind: signal.Signals, status: int, step: str, recorded: Histories, tmp_path: Path
) -> None:
    reached, over = threading.Event(), threading.Event()
    (tmp_path / "deploy").mkdir()
    for name in ("web.yaml", "worker.yaml"):
        (tmp_path / "deploy" / name).write_text(f"image: {PYTHON}\n")
    before = content(tmp_path)

    def stall(request: Request) -> Reply | None:
        if step in request.path:
            reached.set()
            over.wait(60)
        return None

    with Registry(recorded) as registry:
        registry.interfere = stall
        run = Command(tmp_path, registry.url).start(*LONG[command])
        assert reached.wait(60)
        run.send_signal(kind)
        out, err = run.communicate(timeout=60)
        over.set()

    assert (run.returncode, out) == (status, "")
    assert err == "cgr-images: interrupted; no file is half written.\n"
    assert content(tmp_path) == before


def content(folder: Path) -> dict[Path, bytes]:
    """Returns what is in a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("typed", "offered"), [("res", "resolve"), ("history --s", "--since"), ("pin --d", "--diff"), ("me", "merge")]
)
def test_the_shell_completes_commands_and_options(typed: str, offered: str, cgr: Command) -> None:
    words = ["cgr-images", *typed.split()]
    cgr.environ |= {"_CGR_IMAGES_COMPLETE": "complete_bash"}
    cgr.environ |= {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}

    assert offered in cgr().out.split()
