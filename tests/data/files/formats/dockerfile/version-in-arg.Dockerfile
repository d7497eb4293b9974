ARG	VARIANT="1.2" 
FROM	cgr.dev/acme.com/web:${VARIANT}
