#!/bin/bash
docker build --tag=cgr.dev/acme.com/web:1.2 --file Dockerfile .
docker buildx build --output "type=image,name=cgr.dev/acme.com/web:1.2,push=true" .
crane push image.tar cgr.dev/acme.com/web:1.2
skopeo copy docker://cgr.dev/acme.com/db:16 docker://cgr.dev/acme.com/db:16
podman push cgr.dev/acme.com/web:1.2 docker://registry.corp/web:1.2
/kaniko/executor --destination cgr.dev/acme.com/web:1.2 --context .
TARGET=cgr.dev/acme.com/web:1.2
docker push "${TARGET}"
buildah push --all $TARGET && docker pull cgr.dev/chainguard/static:latest
