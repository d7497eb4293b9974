FROM cgr.dev/chainguard/python:latest-dev
RUN --mount=type=bind,from="cgr.dev/chainguard/go:latest",target=/go \
    --mount="type=bind,from=cgr.dev/chainguard/static:latest,target=/static" \
    --mount='from=cgr.dev/chainguard/nginx:latest,target=/nginx' true
