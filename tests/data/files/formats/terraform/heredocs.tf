resource "null_resource" "x" {
  provisioner "local-exec" {
    command = <<EOT
docker run cgr.dev/acme.com/web:1.2 --tag ${var.tag}
docker push cgr.dev/acme.com/db:16
# docker run cgr.dev/acme.com/web:1.2
EOT
  }
  triggers = { image = trimspace(<<-EOT
    cgr.dev/acme.com/db:16
    EOT
  ) }
}
