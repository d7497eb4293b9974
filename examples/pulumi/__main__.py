"""Three images pinned to the instant of a release, and one that is followed."""

import pulumi

import pulumi_cgr as cgr

release = pulumi.Config().get("release") or "2024-06-01T00:00:00Z"

web = cgr.ImageDigest("web", image="cgr.dev/chainguard/python:latest-dev", at=release)
runtime = cgr.ImageDigest("runtime", image="cgr.dev/chainguard/python:latest", at=release)
nginx = cgr.ImageDigest("nginx", image="cgr.dev/chainguard/nginx:latest", at=release)
builder = cgr.ImageDigest("builder", image="cgr.dev/chainguard/python:latest-dev")

# Hand these to whatever deploys, such as the container of a Kubernetes Deployment.
pulumi.export("web", web.ref)
pulumi.export("runtime", runtime.ref)
pulumi.export("nginx", nginx.ref)
pulumi.export("builder", builder.ref)
