ARG REF=cgr.dev/acme.com/web:1.2@sha256:cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4
FROM ${REF}
ARG REF=cgr.dev/acme.com/web:1.2@sha256:cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4
LABEL base="${REF}"
