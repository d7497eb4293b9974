# escape=`

FROM cgr.dev/chainguard/python:latest-dev `
  AS build
WORKDIR C:\\app
RUN dir `
  C:\
FROM cgr.dev/acme.com/web:1.2
