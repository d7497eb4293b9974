def f():
    return "cgr.dev/acme.com/web:1.2"
