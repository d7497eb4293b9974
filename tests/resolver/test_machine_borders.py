# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Reading and running things on a user's machine, in this process: files, programs, and locks without fcntl."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.auth import files
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.files import home_of, read_file
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.programs import run_program
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.time_limit import seconds_to_wait
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache import file_lock
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.file_lock import locked_directory, locked_file
from pulumi_cgr.resolver import BrokenCredentials
from tests.support.machine import Machine


def read(path: Path, seconds: float = 5) -> str | None:
    return read_file(path, time.monotonic() + seconds, "the token file")


def test_a_file_is_read_as_text(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("é\n")

    assert read(tmp_path / "file") == "é\n"
    assert read(tmp_path / "missing") is None
    assert read(tmp_path / "file" / "below") is None
    assert read(Path(os.devnull)) == ""


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff", "the token file is not text in UTF-8."),
        (b" " * (files.LARGEST_FILE + 1), "the token file is larger than 8 MiB, so it is not read."),
        (None, "the token file is a directory, not a file."),
    ],
    ids=["no text", "too large", "a directory"],
)
def test_what_is_not_a_small_text_is_refused(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    path = tmp_path if content is None else tmp_path / "file"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(BrokenCredentials) as refused:
        read(path)
    assert str(refused.value) == sentence


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * files.LARGEST_FILE)

    assert len(read(tmp_path / "file") or "") == files.LARGEST_FILE


def test_a_device_and_a_path_that_leads_to_no_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenCredentials, match=r"^the token file is a device or a socket, not a file\.$"):
        read(Path("/dev/zero"))
    with pytest.raises(BrokenCredentials, match=r"^the token file cannot be read: no file can have this name\.$"):
        read(Path("a\0b"))
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(
        BrokenCredentials, match=r"^the token file cannot be read: Too many levels of symbolic links\.$"
    ):
        read(tmp_path / "loop")


def test_a_pipe_is_read_until_its_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    threading.Thread(target=(tmp_path / "pipe").write_text, args=("piped",)).start()

    assert read(tmp_path / "pipe") == "piped"


def test_a_pipe_that_no_program_writes_to_is_given_up_and_does_not_keep_the_process_from_ending(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    others = threading.enumerate()

    with pytest.raises(BrokenCredentials, match=r"^the token file is a pipe, and no program wrote to it in time\.$"):
        read(tmp_path / "pipe", 0.1)

    (reader,) = [thread for thread in threading.enumerate() if thread not in others]
    assert (reader.name, reader.daemon) == ("cgr-pipe", True)
    (tmp_path / "pipe").write_text("")  # lets the reader end
    reader.join()


def test_a_pipe_that_gives_too_much_is_not_read_to_its_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    is_read = threading.Event()

    def write() -> None:
        with (tmp_path / "pipe").open("wb") as pipe:
            pipe.write(b" " * (files.LARGEST_FILE + 1))
            pipe.flush()
            is_read.wait(20)

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(BrokenCredentials, match=r"^the token file is larger than 8 MiB, so it is not read\.$"):
        read(tmp_path / "pipe")
    is_read.set()
    writer.join()


@pytest.mark.parametrize(
    ("deadline", "seconds"), [(1000.0 + 10, 5.0), (1000.0 + 60, 20.0), (1000.0, 0.01), (1000.0 - 60, 0.01)]
)
def test_half_of_the_time_is_for_the_request(monkeypatch: pytest.MonkeyPatch, deadline: float, seconds: float) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)

    assert seconds_to_wait(deadline) == seconds


@pytest.mark.parametrize("kind", ["file", "pipe"])
def test_a_file_that_may_not_be_read_is_named_and_so_is_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = tmp_path / kind
    path.touch() if kind == "file" else os.mkfifo(path)
    user = os.getuid()
    sentence = "cannot be read: Permission denied."

    def refuse(_path: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    def refusal() -> str:
        with pytest.raises(BrokenCredentials) as refused:
            read(path)
        return str(refused.value)

    monkeypatch.setattr(files, "_content", refuse)
    assert refusal() == f"the token file {sentence}"
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    assert refusal() == f"the token file belongs to another user (uid {user}) and {sentence}"
    monkeypatch.delattr(os, "geteuid")  # as on Windows
    assert refusal() == f"the token file {sentence}"


def test_the_home_is_that_of_the_environment_or_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    assert home_of({"HOME": "/home/me", "USERPROFILE": "/other"}) == Path("/home/me")
    assert home_of({"USERPROFILE": "/other"}) == Path("/other")
    assert home_of({}) == Path.home()

    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    assert home_of({}) is None


def program(
    machine: Machine, script: str, environ: dict[str, str] | None = None, seconds: float = 20
) -> tuple[int | None, str, str]:
    machine.program("helper", script)
    return run_program(
        ["helper", "get"], "asked", {**machine.environment, **(environ or {})}, time.monotonic() + seconds
    )


def test_a_program_gets_its_input_and_no_browser(machine: Machine) -> None:
    shown = program(machine, 'cat; echo "$1 $BROWSER [$DISPLAY]"; echo oops >&2; exit 3', {"DISPLAY": ":0"})

    assert shown == (3, "askedget false []\n", "oops\n")


def test_a_program_that_does_not_read_its_input_or_leaves_a_child_is_no_error(machine: Machine) -> None:
    assert program(machine, "exec <&-; echo done") == (0, "done\n", "")
    assert program(machine, "sleep 600 & echo done")[:2] == (0, "done\n")


def test_a_program_that_does_not_end_is_killed_with_its_children(machine: Machine) -> None:
    status, printed, _errors = program(machine, 'echo "$$"; sleep 600; echo late', seconds=1)

    assert status is None
    assert "late" not in printed
    for _attempt in range(100):
        if not printed.strip() or not Path(f"/proc/{printed.strip()}").exists():
            return
    raise AssertionError("it still runs")


def test_a_program_that_prints_without_end_is_stopped(machine: Machine) -> None:
    with pytest.raises(BrokenCredentials, match=r"^helper printed more than \d+ KiB; it was stopped\.$"):
        program(machine, "exec yes")


def test_a_program_that_cannot_be_run_is_named(machine: Machine) -> None:
    with pytest.raises(BrokenCredentials, match=r"^missing is not on PATH"):
        run_program(["missing"], "", machine.environment, time.monotonic() + 5)
    machine.write("bin/broken", "no program").chmod(0o755)
    with pytest.raises(BrokenCredentials, match=r"^broken cannot be run: Exec format error\.$"):
        run_program(["broken"], "", machine.environment, time.monotonic() + 5)
    with pytest.raises(BrokenCredentials, match=r"^helper cannot be run: its environment holds a NUL\.$"):
        program(machine, "true", {"NAME": "a\0b"})


@pytest.fixture
def without_fcntl(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(file_lock, "fcntl", None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / "file"


def test_without_fcntl_one_at_a_time_holds_a_lock(without_fcntl: Path) -> None:
    taken = []

    def take() -> None:
        with locked_file(str(without_fcntl), 20):
            taken.append(True)

    with locked_file(str(without_fcntl), 1):
        with pytest.raises(TimeoutError, match="another process has held the lock"):
            locked_file(str(without_fcntl), 0.02).__enter__()
        waiting = threading.Thread(target=take)
        waiting.start()
        assert not taken
    waiting.join()
    assert taken == [True]


def test_without_fcntl_a_lock_that_was_left_behind_ends_after_ten_minutes(without_fcntl: Path) -> None:
    held = Path(f"{without_fcntl}.held")
    held.touch()
    long_ago = time.time() - file_lock.ABANDONED_SECONDS - 1
    os.utime(held, (long_ago, long_ago))

    with locked_file(str(without_fcntl), 5):
        assert held.exists()
        assert held.stat().st_mtime > long_ago
    assert not held.exists()


def test_without_fcntl_a_directory_is_locked_by_a_file_elsewhere(without_fcntl: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()

    with locked_directory(str(folder), 1):
        assert not list(folder.iterdir())
        with pytest.raises(TimeoutError), locked_directory(str(folder / ".." / "folder"), 0.02):
            pass
    with pytest.raises(FileNotFoundError), locked_directory(str(tmp_path / "missing"), 1):
        pass


def test_a_lock_that_is_a_link_or_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic links"), locked_file(str(tmp_path / "link"), 1):
        pass
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PermissionError, match="it is not a file of this user"), locked_file(str(tmp_path / "pipe"), 1):
        pass
