# innocent: a package with __main__, constants and lazy attributes
from scorer.__main__ import main

if __name__ == "__main__":
    raise SystemExit(main(["a b a"]))
