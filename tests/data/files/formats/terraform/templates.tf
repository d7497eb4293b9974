locals {
  a = "%{ if var.x }cgr.dev/acme.com/web:1.2%{ else }cgr.dev/acme.com/db:16%{ endif }"
  b = "cgr.dev/acme.com/web:${join("-", ["1", "2"])}"
  c = "${var.registry}/acme.com/web:1.2"
  d = format("cgr.dev/acme.com/web:%s", var.tag)
  e = "https://cgr.dev/acme.com/web:1.2"
  f = "say \"cgr.dev/acme.com/web:1.2\" and $${literally}"
  g = jsonencode({ containerDefinitions = [{ image = "cgr.dev/acme.com/db:16" }] })
  h = "cgr.dev/acme.com/web:1.2-${var.x}"
}
