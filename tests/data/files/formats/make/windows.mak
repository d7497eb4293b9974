IMAGE=cgr.dev/acme.com/web:1.2
run:
	docker run $(IMAGE)
