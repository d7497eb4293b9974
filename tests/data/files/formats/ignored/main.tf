locals {
  // cgr-images: ignore
  a = "cgr.dev/acme.com/web:1.2"
  b = "cgr.dev/acme.com/web:1.2" /* cgr-images: ignore */
  c = "cgr.dev/acme.com/web:1.2"
}
