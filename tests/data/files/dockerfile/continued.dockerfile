FROM \
  --platform=linux/arm64 \
  # the base
  cgr.dev/chainguard/python:latest-dev \  

  AS build
RUN echo a \
FROM cgr.dev/acme.com/db:16 \
  && echo b
FROM cgr.dev/acme.com/\
web:1.2
RUN echo c \\
FROM cgr.dev/acme.com/db:16
