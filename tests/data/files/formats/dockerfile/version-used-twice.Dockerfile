ARG VERSION=1.2
ARG DB=16
FROM cgr.dev/acme.com/web:${VERSION}
FROM debian:${VERSION}
FROM cgr.dev/acme.com/db:$DB
ARG DB
RUN echo $DB
