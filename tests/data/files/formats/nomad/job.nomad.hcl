job "x" {
  group "g" {
    task "y" {
      driver = "docker"
      config {
        image = "cgr.dev/chainguard/nginx:latest"
        args  = ["--sidecar", "cgr.dev/acme.com/db:16"]
      }
    }
    task "untagged" {
      config { image = "cgr.dev/chainguard/static" }
      template { data = "image = cgr.dev/acme.com/web" }
    }
  }
}
