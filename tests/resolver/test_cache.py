# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Memories: the same question, the same answer, asked once; and nothing that was tampered with is believed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.cache import file_cache
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.cache import CacheEntry, Codec
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.file_cache import FileCache
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.file_lock import locked_file
from pulumi_cgr.resolver import Cache, CgrError, Instant, InvalidArgument, MemoryCache, RegistryUnavailable, Resolver
from pulumi_cgr.testing import Registry, Reply

A, B = "sha256:" + 64 * "a", "sha256:" + 64 * "b"
IMAGE, OTHER = "cgr.dev/acme.com/python:latest", "cgr.dev/acme.com/nginx:latest"
TOKEN = "the-secret-token"
DAYS = 86400 * 10**9
MOVED, AT, LATER = (str(Instant(time.time_ns() - days * DAYS)) for days in (5, 3, 2))


@pytest.fixture
def registry() -> Iterator[Registry]:
    history = [{"updateTimestamp": MOVED, "digest": A}]
    with Registry({"acme.com/python:latest": history, "acme.com/nginx:latest": history}, tokens=[TOKEN]) as registry:
        yield registry


@pytest.fixture(params=["process", "folder"])
def run_cache(request: pytest.FixtureRequest, tmp_path: Path) -> Cache:
    return MemoryCache() if request.param == "process" else FileCache(tmp_path / "run", seconds=60)


def asking(registry: Registry, run_cache: Cache | None = None, **settings: Any) -> Resolver:
    return Resolver(registry=registry.url, token=TOKEN, environment={}, run_cache=run_cache, **settings)


def test_the_same_question_gets_the_same_answer_while_the_tag_moves(registry: Registry, run_cache: Cache) -> None:
    first = asking(registry, run_cache).resolve(IMAGE)
    registry.move("acme.com/python:latest", B)

    again = asking(registry, run_cache).resolve("cgr.dev/acme.com/python")

    assert again.digest == first.digest == A
    assert again.image == "cgr.dev/acme.com/python"
    assert len(registry.requests) == 1
    assert asking(registry, run_cache).resolve(IMAGE, builds_back=1).digest == A


def test_many_who_ask_at_once_ask_once(registry: Registry, run_cache: Cache) -> None:
    registry.delay = 0.05
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _number: asking(registry, run_cache).resolve(IMAGE).digest, range(40)))

    assert answers == [A] * 40
    assert len(registry.requests) == 1


ASK = f"""
import sys
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.file_cache import FileCache
from pulumi_cgr.resolver import Resolver
print(Resolver(registry=sys.argv[1], token="{TOKEN}", run_cache=FileCache(sys.argv[2], seconds=60)).resolve("{IMAGE}").digest)
"""


def test_many_processes_ask_once(registry: Registry, tmp_path: Path) -> None:
    command = [sys.executable, "-c", ASK, registry.url, str(tmp_path)]
    registry.delay = 0.5
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _number in range(8)]

    assert [process.communicate()[0].strip() for process in processes] == [A] * 8
    assert len(registry.requests) == 1


def test_those_who_wait_share_a_failure_and_the_next_one_asks_again(registry: Registry, run_cache: Cache) -> None:
    together = threading.Barrier(4)
    registry.interfere = lambda _request: Reply(500)
    registry.delay = 0.2

    def compute(_number: int) -> str:
        together.wait()
        with pytest.raises(RegistryUnavailable) as failed:
            asking(registry, run_cache).resolve(IMAGE)
        return str(failed.value)

    with ThreadPoolExecutor(4) as threads:
        (sentence,) = set(threads.map(compute, range(4)))
    asked = len(registry.requests)
    registry.interfere = lambda _request: None

    assert "the registry failed; try again later" in sentence
    assert asked == 1
    if isinstance(run_cache, MemoryCache):
        assert asking(registry, run_cache).resolve(IMAGE).digest == A


def test_processes_share_a_failure_for_as_long_as_it_would_take_to_repeat(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([100.0, 100.0, 130.0, 160.0, 161.0, 161.0])  # begin and end of each that asks, or its begin alone
    monkeypatch.setattr(file_cache, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    cache = FileCache(tmp_path, seconds=60)
    codec = Codec(str, str)
    asked: list[str] = []

    def fail() -> CacheEntry:
        asked.append("the registry")
        raise RegistryUnavailable("the registry does not answer.")

    for _host in ("the first, for 30 seconds", "one that asks 30 seconds later"):
        with pytest.raises(RegistryUnavailable, match="does not answer"):
            cache.get_or_set({"image": IMAGE}, fail, codec)

    assert len(asked) == 1
    assert cache.get_or_set({"image": IMAGE}, lambda: CacheEntry(A), codec).value == A


def test_a_set_is_one_question_and_answers_for_each_of_its_images(registry: Registry, run_cache: Cache) -> None:
    images = {"python": IMAGE, "nginx": OTHER}
    first = asking(registry, run_cache).resolve_all(images)
    registry.move("acme.com/python:latest", B)

    assert asking(registry, run_cache).resolve_all(images) == first
    assert asking(registry, run_cache).resolve(IMAGE).digest == A
    assert len(registry.requests) == 2


def test_nothing_is_kept_from_one_run_to_the_next(registry: Registry) -> None:
    for _run in range(2):
        asking(registry).resolve(IMAGE, at=AT)

    assert len(registry.requests) == 2


def test_a_cache_keeps_what_can_never_change(registry: Registry, tmp_path: Path) -> None:
    cache = tmp_path / "made" / "cache"
    first = asking(registry, cache=cache).resolve(IMAGE, at=AT)
    assert first.warnings == asking(registry, cache=cache).resolve(IMAGE).warnings == ()
    asked = len(registry.requests)
    registry.interfere = lambda _request: Reply(500)

    assert asking(registry, cache=cache).resolve(IMAGE, at=AT.replace("Z", "+00:00")) == first
    assert len(registry.requests) == asked
    with pytest.raises(RegistryUnavailable):
        asking(registry, cache=cache).resolve(IMAGE)


def test_a_cache_does_not_keep_what_may_still_change(tmp_path: Path) -> None:
    noon = 1770000000.0
    history = [{"updateTimestamp": "2026-01-31T00:00:00Z", "digest": A}]
    with Registry({"chainguard/python:latest": history}, now=lambda: noon) as registry:
        resolver = Resolver(registry=registry.url, environment={}, cache=tmp_path)
        resolver.resolve("cgr.dev/chainguard/python", at="2026-02-02T00:00:00Z")  # two and a half hours ago
        assert not list(tmp_path.glob("*.json"))


def _broken(kept: dict[str, Any]) -> Iterator[bytes]:
    yield b""
    yield b"{"
    yield b"[]"
    yield b"\xff\xfe"
    yield b"[" * 100_000
    for change in (
        {"version": 2},
        {"key": {**kept["key"], "image": "cgr.dev/acme.com/other:latest"}},
        {"data": None},
        {"data": {**kept["data"], "digest": "sha256:abc"}},
        {"data": {**kept["data"], "updated_at": LATER}},
        {"data": {**kept["data"], "updated_at": None}},
        {"data": {**kept["data"], "history": [["soon", A]]}},
    ):
        yield json.dumps({**kept, **change}).encode()


def test_a_file_that_is_broken_or_foreign_is_replaced(registry: Registry, tmp_path: Path) -> None:
    started = time.time()
    registry.now = lambda: started  # which is kept, too
    asking(registry, cache=tmp_path).resolve(IMAGE, at=AT)
    (file,) = tmp_path.glob("*.json")
    good = file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600

    for content in _broken(json.loads(good)):
        file.write_bytes(content)
        assert asking(registry, cache=tmp_path).resolve(IMAGE, at=AT).digest == A
        assert file.read_bytes() == good
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(good.replace(A.encode(), B.encode()))
    file.unlink()
    file.symlink_to(elsewhere)
    assert asking(registry, cache=tmp_path).resolve(IMAGE, at=AT).digest == A


def test_nothing_that_is_kept_holds_a_secret(registry: Registry, tmp_path: Path) -> None:
    asking(registry, FileCache(tmp_path, seconds=60)).resolve_all({"python": IMAGE, "nginx": OTHER})
    registry.interfere = lambda _request: Reply(403, TOKEN.encode())
    with pytest.raises(CgrError):
        asking(registry, FileCache(tmp_path, seconds=60)).resolve(IMAGE, at=AT)

    kept = [file.read_text() for file in tmp_path.iterdir()]
    assert any("failure" in text for text in kept)
    assert all(TOKEN not in text for text in kept)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("a file", "File exists"), ("a link", "File exists"), ("a\0b", "its name holds a NUL")],
    ids=["a file", "a link", "a NUL"],
)
def test_a_cache_that_cannot_be_used_is_told(registry: Registry, tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "a file").write_text("precious")
    (tmp_path / "a link").symlink_to("a file")
    cache = tmp_path / name

    with pytest.raises(InvalidArgument) as refused:
        asking(registry, cache=str(cache)).resolve(IMAGE, at=AT)
    assert str(refused.value).removeprefix(f"{IMAGE}: ") == (
        f"cache {str(cache)!r} cannot be used: {reason}. Name another folder, or none."
    )


KEY, CODEC = {"image": IMAGE, "rule": {"at": AT}}, Codec(str, str)


def never() -> CacheEntry:
    raise AssertionError("it is cached")


def test_a_result_is_given_back_as_it_was_whatever_the_order_of_its_key(tmp_path: Path) -> None:
    cache, entry = FileCache(tmp_path, seconds=60), CacheEntry(A, is_lasting=True)
    assert cache.get(KEY, CODEC) is None

    cache.put(KEY, entry, CODEC)
    cache.put(KEY, CacheEntry(B), CODEC)

    again = FileCache(tmp_path, seconds=60)
    assert again.get(dict(reversed(KEY.items())), CODEC) == entry
    assert again.get_or_set(KEY, never, CODEC) == entry
    assert again.get({**KEY, "image": OTHER}, CODEC) is None


def test_a_failure_and_what_others_may_have_written_are_not_given_back(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, seconds=60)

    def fail() -> CacheEntry:
        raise RegistryUnavailable("the registry does not answer.")

    with pytest.raises(RegistryUnavailable):
        cache.get_or_set(KEY, fail, CODEC)
    assert cache.get(KEY, CODEC) is None
    cache.put({**KEY, "image": OTHER}, CacheEntry(A), CODEC)
    tmp_path.chmod(0o777)
    assert cache.get({**KEY, "image": OTHER}, CODEC) is None


@pytest.mark.parametrize(
    ("key", "seconds"), [(KEY, "0.01"), *(({"set": [KEY] * n}, text) for n, text in ((1, "0.02"), (16, "0.02"), (17, "0.03")))]
)  # fmt: skip
def test_one_waits_for_another_process_as_long_as_its_images_may_take(
    tmp_path: Path, key: dict[str, Any], seconds: str
) -> None:
    cache = FileCache(tmp_path, seconds=0.01)
    cache.put(key, CacheEntry(A), CODEC)
    (entry,) = tmp_path.glob("*.json")

    with locked_file(str(entry.with_suffix(".lock")), 1):
        assert cache.get_or_set(key, never, CODEC) == CacheEntry(A)  # what is cached is not waited for
        entry.unlink()
        with pytest.raises(RegistryUnavailable) as refused:
            cache.get_or_set(key, never, CODEC)
        cache.put(key, CacheEntry(A), CODEC)

    assert not entry.exists()
    assert str(refused.value) == (
        f"another process of this run has been resolving the same for {seconds} s. Try again, or raise 'timeout'."
    )


def test_what_is_kept_is_for_this_user_only(registry: Registry, tmp_path: Path) -> None:
    asking(registry, cache=tmp_path / "cache").resolve(IMAGE, at=AT)

    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "cache").iterdir()} == {0o600}


def _foreign(path: Path) -> None:
    os.chown(path, 54321, 54321)


UNSAFE: dict[str, tuple[Callable[[Path], None], str]] = {
    "writable by all": (
        lambda path: path.chmod(0o777),
        "others may write into it (its mode is 0777; chmod go-w takes that away)",
    ),
    "writable by a group": (
        lambda path: path.chmod(0o770),
        "others may write into it (its mode is 0770; chmod go-w takes that away)",
    ),
    "another user's": (_foreign, "it belongs to another user (uid 54321)"),
}


@pytest.mark.parametrize("case", UNSAFE)
def test_a_directory_into_which_others_may_write_is_not_used(registry: Registry, tmp_path: Path, case: str) -> None:
    if case == "another user's" and os.geteuid() != 0:
        pytest.skip("only root can make another user's directory")
    cache = tmp_path / "cache"
    asking(registry, cache=cache).resolve(IMAGE, at=AT)
    (entry,) = cache.glob("*.json")
    entry.write_text(entry.read_text().replace(A, B))  # planted
    spoil, reason = UNSAFE[case]
    spoil(cache)

    found = asking(registry, cache=cache).resolve(IMAGE, at=AT)

    assert found.digest == A
    assert found.warnings == (f"The cache {str(cache)!r} is not used: {reason}.",)


@pytest.mark.parametrize("case", ["another user's", "writable by others", "a link", "a pipe", "a directory"])
def test_a_file_that_others_may_have_made_counts_for_nothing(registry: Registry, tmp_path: Path, case: str) -> None:
    if case == "another user's" and os.geteuid() != 0:
        pytest.skip("only root can make another user's file")
    asking(registry, cache=tmp_path / "cache").resolve(IMAGE, at=AT)
    (entry,) = (tmp_path / "cache").glob("*.json")
    planted = entry.read_text().replace(A, B)
    entry.unlink()
    target = tmp_path / "elsewhere" if case == "a link" else entry
    if case == "a pipe":
        os.mkfifo(entry)
    elif case == "a directory":
        entry.mkdir()
    else:
        target.write_text(planted)
        target.chmod(0o666 if case == "writable by others" else 0o600)
    if case == "another user's":
        _foreign(entry)
    if case == "a link":
        entry.symlink_to(target)

    assert asking(registry, cache=tmp_path / "cache").resolve(IMAGE, at=AT).digest == A
    if case == "a link":
        assert target.read_text() == planted


@pytest.mark.parametrize("suffix", [".lock", ".json"])
def test_no_link_is_followed_when_something_is_written(registry: Registry, tmp_path: Path, suffix: str) -> None:
    asking(registry, cache=tmp_path / "cache").resolve(IMAGE, at=AT)
    (entry,) = (tmp_path / "cache").glob("*.json")
    entry.unlink()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    planted = entry.with_suffix(suffix)
    planted.unlink(missing_ok=True)
    planted.symlink_to(victim)

    assert asking(registry, cache=tmp_path / "cache").resolve(IMAGE, at=AT).digest == A
    assert victim.read_text() == "precious"
