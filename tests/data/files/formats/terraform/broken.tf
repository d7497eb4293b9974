resource "x" "y" {
  image = "cgr.dev/acme.com/web:1.2
}
