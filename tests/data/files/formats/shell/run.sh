#!/usr/bin/env bash
set -eu
IMAGE="${IMAGE:-cgr.dev/acme.com/web:1.2}"
BASE=${BASE:=cgr.dev/acme.com/db:16}
: "${X:-cgr.dev/acme.com/web:1.2}-dev"
NAME=${IMG%%:*}
IMG=cgr.dev/acme.com/web:1.2
docker run --rm \
  cgr.dev/chainguard/go:latest\
  version
for i in cgr.dev/acme.com/{web,db}:1; do docker pull $i; done
cat <<EOF > pod.yaml
  image: cgr.dev/acme.com/db:16
EOF
echo '# not a comment cgr.dev/acme.com/db:16'
docker run cgr.dev/acme.com/web:1.2@sha256:abcd # cut
trivy image cgr.dev/acme.com/db:16 | tee x
docker push cgr.dev/acme.com/db:16
docker run "cgr.dev/acme.com/db:16";docker run 'cgr.dev/acme.com/db:16'
