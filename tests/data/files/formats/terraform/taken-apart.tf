variable "whole" {
  default = "cgr.dev/acme.com/web:1.2"
}

variable "base" {
  default = "cgr.dev/chainguard/python:latest-dev"
}

locals {
  db       = "cgr.dev/acme.com/db:16"
  image    = var.whole
  slim     = "${var.base}-slim"
  database = split(":", local.db)[0]
}
