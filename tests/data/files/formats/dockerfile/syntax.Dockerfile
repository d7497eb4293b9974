# syntax=cgr.dev/acme.com/web:1.2
# escape=`
FROM cgr.dev/acme.com/db:16
# syntax=cgr.dev/acme.com/web:1.2
