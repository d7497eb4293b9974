group "default" { targets = ["app"] }
target "app" {
  tags = ["cgr.dev/acme.com/app:1", "x"]
  cache-from = ["type=registry,ref=cgr.dev/acme.com/app:cache"]
  contexts = { base = "docker-image://cgr.dev/acme.com/web:1.2" }
  args = { BASE = "cgr.dev/acme.com/db:16" }
  dockerfile-inline = <<EOT
FROM cgr.dev/acme.com/web:1.2
EOT
}
