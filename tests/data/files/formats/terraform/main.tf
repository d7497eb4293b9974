# cgr.dev/acme.com/web:1.2
locals {
  registry = "cgr.dev"
  web      = "cgr.dev/acme.com/web:1.2"
  made     = "${local.registry}/acme.com/web:1.2"
  tagged   = "cgr.dev/acme.com/web:${var.tag}"
  choice   = "${var.x ? "cgr.dev/acme.com/web:1.2" : "cgr.dev/acme.com/db:16"}"
  map      = { "image" : "cgr.dev/acme.com/db:16", other = 1 }
  escaped  = "a \" $${x} cgr.dev/acme.com/db:16\n"
}
resource "docker_image" "built" {
  name = "cgr.dev/acme.com/mine:1"
  build { context = "." }
}
resource "docker_image" "pulled" { name = "cgr.dev/acme.com/web:1.2" }
resource "helm_release" "x" {
  set {
    name  = "image.repository"
    value = "cgr.dev/acme.com/web"
  }
  values = [<<-EOT
    # cgr.dev/acme.com/web:1.2
    image: cgr.dev/acme.com/web:1.2
    other: "${file("x")}"
  EOT
  , "image: cgr.dev/acme.com/db:16"]
}
resource "kubernetes_pod" "x" {
  spec {
    container { image = "cgr.dev/chainguard/nginx" }
  }
}
module "m" { source = "./m" /* cgr.dev/acme.com/db:16 */ }
