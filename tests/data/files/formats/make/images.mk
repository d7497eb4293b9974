# The images of all targets; cgr.dev/acme.com/web:1.2 is the first.
WEB ?= cgr.dev/acme.com/web:1.2
export DB := cgr.dev/acme.com/db:16 # of 2024
NGINX_IMAGE = "cgr.dev/chainguard/nginx:latest"
define POD
image: cgr.dev/chainguard/go:latest
endef
