# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Code of users that type checkers must accept, with the types that they must infer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

import pulumi
from typing_extensions import assert_type

import pulumi_cgr as cgr
from pulumi_cgr.resolver import CgrError, Instant, Resolution, Resolver
from pulumi_cgr.testing import Mocks, Registry, Reply, Request

IMAGE = "cgr.dev/acme.com/web:1"

config = pulumi.Config()
pin = cgr.ImageDigest("pin", image=IMAGE)
assert_type(pin.digest, pulumi.Output[str])
assert_type(pin.ref, pulumi.Output[str])
assert_type(pin.updated_at, pulumi.Output[str | None])
cgr.ImageDigest("at", image=IMAGE, at="2026-01-31", opts=pulumi.ResourceOptions(depends_on=[pin]))
cgr.ImageDigest("at a day", image=config.require("image"), at=date(2026, 1, 31))
cgr.ImageDigest("at a moment", image=pin.ref, at=pin.updated_at.apply(lambda updated_at: updated_at or "2026-01-31"))
cgr.ImageDigest("from a secret", image=config.require_secret("image"), at=datetime.now(timezone.utc))
cgr.ImageDigest("ruled", image=IMAGE, min_age="7d", builds_back=1, exclude=[pin.digest], stale_after="30d")
cgr.ImageDigest("sticky", image=IMAGE, triggers={"release": 7})
cgr.ImageDigest("sticky by a list", image=IMAGE, triggers=[pin.digest, 7])
cgr.ImageDigest("given", image=IMAGE, digest=pin.digest)

release = cgr.ImageDigests("release", images={"web": IMAGE, "db": pin.ref, "old": {"image": IMAGE, "min_age": "7d"}})
assert_type(release.refs, pulumi.Output[dict[str, str]])
pulumi.export("web", release.refs["web"])

found = cgr.get_image_digest(IMAGE, "2026-01-31", exclude=["sha256:" + 64 * "a"])
assert_type(found.digest, str)
assert_type(found.updated_at, str | None)
assert_type(found.previous.digest if found.previous else None, str | None)
later = cgr.get_image_digest_output(pin.ref, min_age=config.get("age"))
assert_type(later, pulumi.Output[cgr.GetImageDigestResult])
pulumi.export("later", later.ref)


async def awaited() -> str:
    """Like the results of other packages, this one can be awaited."""
    return (await cgr.get_image_digest(IMAGE)).ref


def resolved(resolver: Resolver) -> str:
    """The resolver as a library."""
    try:
        answer = resolver.resolve(IMAGE, at=Instant.parse("2026-01-31").__str__())
    except CgrError as error:
        return str(error)
    assert_type(answer, Resolution)
    return answer.digest


def tested(histories: Mapping[str, Any]) -> None:
    """A unit test of a program."""

    def refuse(_request: Request) -> Reply | None:
        return Reply(503)

    with Registry(histories, tokens=["t"]) as registry:
        assert_type(registry.url, str)
        registry.interfere = refuse
    pulumi.runtime.set_mocks(Mocks(histories))
