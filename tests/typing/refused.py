# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Code that type checkers must reject: every line is wrong.  An unnecessary comment for mypy or pyright is an error, too."""

from __future__ import annotations

import pulumi

import pulumi_cgr as cgr
from pulumi_cgr.resolver import Resolver

IMAGE = "cgr.dev/acme.com/web:1"
# fmt: off

pin = cgr.ImageDigest("pin", image=IMAGE)
cgr.ImageDigest("no image")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cgr.ImageDigest("misspelt", imgae=IMAGE)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cgr.ImageDigest("by place", IMAGE)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
cgr.ImageDigest("a number as instant", image=IMAGE, at=20260131)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cgr.ImageDigest("a number as duration", image=IMAGE, min_age=7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cgr.ImageDigest("half a build", image=IMAGE, builds_back=1.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cgr.ImageDigest("several images", image=[IMAGE])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cgr.ImageDigests("one image", images=IMAGE)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cgr.ImageDigests("no keys", images=[IMAGE])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

known: str = pin.digest  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
cgr.get_image_digest(pin.ref)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cgr.get_image_digest(IMAGE, digest="sha256:…")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
always: str = cgr.get_image_digest(IMAGE).updated_at  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
pulumi.export("misspelt", pin.diggest)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
Resolver().resolve(IMAGE, at=20260131)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
