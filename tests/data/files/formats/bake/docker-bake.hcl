target "app" {
  contexts = {
    base = "docker-image://cgr.dev/chainguard/python:latest-dev"
  }
  args = {
    BASE_IMAGE = "cgr.dev/acme.com/web:1.2"
  }
}
