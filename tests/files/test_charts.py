# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pinned values of charts render to the same objects, except for images, whichever way public charts put an image together."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from pulumi_cgr.files import pin_files
from pulumi_cgr.resolver import Resolver

from .conftest import digest

HELM = shutil.which("helm")
pytestmark = pytest.mark.skipif(HELM is None, reason="helm is not on PATH")

# How charts put an image together, after the chart whose way it is: the values, and the template of the image.
SHAPES = {
    "helm create": (
        "image:\n  repository: cgr.dev/acme.com/web\n  tag: '1.2'\n",
        '"{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"',
    ),
    "bitnami": (
        "image: {registry: cgr.dev, repository: acme.com/web, tag: '1.2', digest: ''}\n",
        """{{ $i := .Values.image }}{{ printf "%s/%s" $i.registry $i.repository -}}
          {{- if $i.digest }}@{{ $i.digest }}{{ else }}:{{ $i.tag }}{{ end }}""",
    ),
    "grafana": (
        "image: {registry: cgr.dev, repository: acme.com/web, tag: '1.2', sha: ''}\n",
        """{{ $i := .Values.image }}"{{ $i.registry }}/{{ $i.repository }}:{{ $i.tag }}"""
        """{{ if $i.sha }}@sha256:{{ $i.sha }}{{ end }}\"""",
    ),
    "ingress-nginx": (
        "image:\n  registry: cgr.dev\n  image: acme.com/web\n  tag: '1.2'\n  digest: ''\n",
        """{{ with .Values.image }}{{ .registry }}/{{ .image }}:{{ .tag }}{{ if .digest }}@{{ .digest }}{{ end }}{{ end }}""",
    ),
    "cert-manager": (
        "image:\n  repository: cgr.dev/acme.com/web\n  tag: '1.2'\n  # digest: sha256:…\n",
        """{{ with .Values.image }}"{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end }}"{{ end }}""",
    ),
    "cilium": (
        "image: {override: ~, repository: cgr.dev/acme.com/web, tag: '1.2', digest: '', useDigest: true}\n",
        """{{ with .Values.image }}{{ if .override }}{{ .override }}{{ else -}}
          {{ .repository }}:{{ .tag }}{{ if and .useDigest .digest }}@{{ .digest }}{{ end }}{{ end }}{{ end }}""",
    ),
    "external-dns": (
        "image: {repository: cgr.dev/acme.com/web, tag: }\nsidecar: {image: 'cgr.dev/acme.com/web:1.2'}\n",
        "{{ .Values.sidecar.image }}",
    ),
    "prometheus": (
        "image: {repository: cgr.dev/acme.com/web, tag: '1.2', digest: null}\n",
        """{{ with .Values.image }}"{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end }}"{{ end }}""",
    ),
    "argo-cd": (
        "global: {image: {repository: cgr.dev/acme.com/web, tag: '1.2'}}\nserver: {image: {repository: '', tag: ''}}\n",
        "{{ default .Values.global.image.repository .Values.server.image.repository }}:"
        "{{ default .Values.global.image.tag .Values.server.image.tag }}",
    ),
    "vault": (
        "server: {image: {repository: cgr.dev/acme.com/web, tag: '1.2', pullPolicy: IfNotPresent}}\n",
        "{{ .Values.server.image.repository }}:{{ .Values.server.image.tag }}",
    ),
    "jenkins": (
        "controller: {image: {registry: cgr.dev, repository: acme.com/web, tag: '1.2'}}\n",
        """{{ with .Values.controller.image }}"{{ .registry }}/{{ .repository }}:{{ .tag }}"{{ end }}""",
    ),
    "loki": (
        "loki: {image: {registry: cgr.dev, repository: acme.com/web, tag: '1.2', digest: null}}\n",
        """{{ with .Values.loki.image }}{{ .registry }}/{{ .repository -}}
          {{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end }}{{ end }}""",
    ),
    "sealed-secrets": (
        "image: cgr.dev/acme.com/web\nimageTag: '1.2'\n",
        "{{ .Values.image }}:{{ .Values.imageTag }}",
    ),
    "consul": (
        "global:\n  image: cgr.dev/acme.com/web:1.2\n",
        '"{{ .Values.global.image }}"',
    ),
}
POD = """apiVersion: v1
kind: Pod
metadata: {{name: "{{{{ .Release.Name }}}}", labels: {{chart: "{{{{ .Chart.Name }}}}"}}}}
spec:
  containers:
    - name: web
      image: {image}
"""
WEB = re.compile(rf"cgr\.dev/acme\.com/web(?::1\.2)?@{digest('web')}")


def rendered(chart: Path) -> list[dict[str, object]]:
    assert HELM
    done = subprocess.run([HELM, "template", "shop", str(chart)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def images(objects: list[dict[str, object]]) -> list[str]:
    return re.findall(r"'image': '([^']*)'", repr(objects))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_objects_with_pinned_images(shape: str, tmp_path: Path, resolver: Resolver) -> None:
    values, image = SHAPES[shape]
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: '1.2'\n")
    (tmp_path / "values.yaml").write_text(values)
    (tmp_path / "templates/pod.yaml").write_text(POD.format(image=image))
    before = rendered(tmp_path)

    pin_files(resolver, tmp_path / "values.yaml")

    after = rendered(tmp_path)
    assert images(before) == ["cgr.dev/acme.com/web:1.2"]
    assert WEB.fullmatch(images(after)[0])
    assert repr(after).replace(images(after)[0], images(before)[0]) == repr(before)
