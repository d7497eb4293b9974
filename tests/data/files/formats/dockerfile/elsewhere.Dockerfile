#syntax = cgr.dev/acme.com/web
FROM scratch
LABEL base.name="cgr.dev/acme.com/web:1.2"
ENV IMAGE=cgr.dev/acme.com/db:16 REGISTRY=cgr.dev
ARG TOOL=cgr.dev/chainguard/go:latest
ARG CUT=cgr.dev/chainguard/go:latest
ARG HALF=cgr.dev/chainguard/go
RUN crane export $TOOL ${CUT%%:*} cgr.dev/chainguard/static:latest # cgr.dev/acme.com/web:1.2
ENTRYPOINT ["run", "cgr.dev/acme.com/web:1.2"]
