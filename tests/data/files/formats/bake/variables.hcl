variable "TARGET" { default = "cgr.dev/acme.com/web:1.2" }
variable "BASE" { default = "cgr.dev/acme.com/db:16" }
variable "CACHE" { default = "cgr.dev/acme.com/web:1.2" }
target "app" {
  tags       = [TARGET, "cgr.dev/acme.com/web:BASE"]
  cache-from = [
    "type=registry,ref=${CACHE}",
  ]
  args       = { BASE = BASE }
}
