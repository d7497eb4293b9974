# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Processes that lock at once, and processes that are killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pulumi_cgr.resolver import Resolver
from pulumi_cgr.testing import Registry

from .conftest import DB, WEB, D, lock, pins

SCRIPT = """
import sys
from pulumi_cgr.lockfile.update import lock_images
from pulumi_cgr.resolver import Resolver
resolver = Resolver()
lock_images(sys.argv[1], resolver, [resolver.parse_query(image) for image in sys.argv[2:]])
"""


def process(registry: Registry, path: Path, *images: str) -> subprocess.Popen[str]:
    env = {**os.environ, "CGR_REGISTRY": registry.url}
    command = [sys.executable, "-c", SCRIPT, str(path), *images]
    return subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)


def test_processes_that_lock_at_once_lose_nothing(path: Path, registry: Registry) -> None:
    images = [f"cgr.dev/chainguard/image-{number:02}:1" for number in range(20)]

    running = [process(registry, path, *images[start::5]) for start in range(5)]

    for each in running:
        assert each.wait(60) == 0, each.stderr and each.stderr.read()
    assert sorted(pins(path)) == images
    assert [file.name for file in path.parent.iterdir()] == ["cgr.lock.json"]


KILLED = """
import os, signal, sys
from pathlib import Path
from pulumi_cgr.lockfile.update import lock_images
from pulumi_cgr._bridge import read_lock
from pulumi_cgr.resolver import MemoryCache, Resolver

path, before, expected = Path(sys.argv[1]), Path(sys.argv[1]).read_bytes(), sys.argv[2]
resolver = Resolver(run_cache=MemoryCache())
queries = [resolver.parse_query(entry.image) for entry in read_lock(path).entries]
resolver.resolve_queries({query.reference.image: query for query in queries})  # so that no child has to ask
steps = 0

def traced(frame, event, _argument):
    global steps
    name = frame.f_code.co_filename
    if not name.endswith(("atomic.py", "store.py")) and frame.f_code.co_name != "make":
        return None
    steps -= event == "line"
    if steps < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return traced

seen = []
for number in range(1000):
    child = os.fork()
    if not child:
        steps = number
        sys.settrace(traced)
        lock_images(path, resolver, queries, upgrade=True)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    is_old = path.read_bytes() == before
    assert is_old or {entry.digest for entry in read_lock(path).entries} == {expected}, number
    if status == 0:
        break
    assert status == signal.SIGKILL
    seen.append(is_old)
    path.write_bytes(before)
print(len(seen), sum(seen))
print(*sorted(file.name for file in path.parent.iterdir()))
"""


def test_a_process_that_is_killed_at_any_line_leaves_the_old_lock_or_the_new(
    path: Path, resolver: Resolver, registry: Registry
) -> None:
    lock(path, resolver, WEB, DB)
    for name in ("web", "db"):
        registry.move(f"chainguard/{name}:1", D)

    command = [sys.executable, "-c", KILLED, str(path), D]
    done = subprocess.run(command, env={**os.environ, "CGR_REGISTRY": registry.url}, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    counted, files = done.stdout.splitlines()
    killed, old = map(int, counted.split())
    assert killed > 40
    assert 0 < killed - old < old, "it was killed before the change, and after it"
    assert files == "cgr.lock.json", "the last one tidied up behind those that were killed"
    assert pins(path) == {DB: D, WEB: D}
