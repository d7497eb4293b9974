resource "kubernetes_cron_job_v1" "demo" {
  metadata {}
  spec {
    job_template {
      metadata {}
      spec {
        template {
          metadata {}
          spec {
            container {
              name    = "kaniko"
              image   = "cgr.dev/acme.com/web:1.2@sha256:cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4"
            }
            container {
              name    = "node"
              image   = "cgr.dev/acme.com/db:16"
            }
          }
        }
      }
    }
    schedule = ""
  }
}

resource "kubernetes_cron_job" "demo" {
  metadata {}
  spec {
    job_template {
      metadata {}
      spec {
        template {
          metadata {}
          spec {
            container {
              name    = "kaniko"
              image   = "gcr.io/kaniko-project/executor:v1.8.0@sha256:8504bde9a9a8c9c4e9a4fe659703d265697a36ff13607b7669a4caa4407baa52"
            }
          }
        }
      }
    }
    schedule = ""
  }
}

