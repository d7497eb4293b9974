variable "image" {
  default = "cgr.dev/chainguard/python:latest-dev"
}
resource "x" "y" {
  image = "cgr.dev/acme.com/web:1.2@sha256:cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4"
}
