oci.pull(image = "cgr.dev/acme.com/web"
