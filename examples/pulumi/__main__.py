"""A Deployment with a pinned image: in staging the latest build, in production the build of an instant."""

import pulumi
from pulumi_kubernetes import apps, core, meta

import pulumi_cgr as cgr

config = pulumi.Config()
image = cgr.ImageDigest("web", image=config.require("image"), at=config.get("at"))

labels = {"app": "web"}
web = apps.v1.Deployment(
    "web",
    spec=apps.v1.DeploymentSpecArgs(
        selector=meta.v1.LabelSelectorArgs(match_labels=labels),
        template=core.v1.PodTemplateSpecArgs(
            metadata=meta.v1.ObjectMetaArgs(labels=labels),
            spec=core.v1.PodSpecArgs(containers=[core.v1.ContainerArgs(name="web", image=image.ref)]),
        ),
    ),
)

pulumi.export("deployed", web.spec.template.spec.containers[0].image)
pulumi.export("reason", image.reason)
