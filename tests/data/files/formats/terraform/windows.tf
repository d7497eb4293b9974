locals {
  image = "cgr.dev/acme.com/web:1.2" # of today
}
