# escape=\
FROM \
  cgr.dev/acme.com/web:1.2
RUN <<EOF
FROM cgr.dev/acme.com/web:1.2
EOF
FROM cgr.dev/acme.com/db:16@sha256:cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4 AS x
