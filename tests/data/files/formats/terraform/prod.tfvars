image  = "cgr.dev/acme.com/web:1.2"
images = {
  "db"    = "cgr.dev/acme.com/db:16",
  "nginx" : "cgr.dev/chainguard/nginx:latest"
}
list = ["cgr.dev/chainguard/go:latest", "alpine:3"]
half = "cgr.dev/acme.com/web"
cut  = "cgr.dev/acme.com/web:1.2@sha256:abcd"
