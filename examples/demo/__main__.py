"""Pins the images of examples/ansible: in production to the builds of an instant, in staging to the latest builds."""

import pulumi

import pulumi_cgr as cgr

IMAGES = {
    "app": "cgr.dev/chainguard/python:latest-dev",
    "runtime": "cgr.dev/chainguard/python:latest",
    "proxy": "cgr.dev/chainguard/nginx:latest",
}

staging = cgr.ImageDigests("staging", images=IMAGES)
production = cgr.ImageDigests("production", images=IMAGES, at="2024-06-01T00:00:00Z")

for name in IMAGES:
    pulumi.export(f"{name} in staging", staging.refs[name])
    pulumi.export(f"{name} in production", production.refs[name])
