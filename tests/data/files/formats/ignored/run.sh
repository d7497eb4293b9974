docker run cgr.dev/acme.com/db:16 # cgr-images: ignore
docker run cgr.dev/acme.com/db:16
