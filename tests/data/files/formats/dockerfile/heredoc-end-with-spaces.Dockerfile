FROM cgr.dev/chainguard/python:latest-dev
RUN cat <<'E O F' > x
FROM cgr.dev/chainguard/go:latest
E O F
RUN echo it's fine <<EOF
RUN cat <<"A"B <<\C
x
AB
FROM cgr.dev/acme.com/web:1.2
C
FROM cgr.dev/chainguard/go:latest
