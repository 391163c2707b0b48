# expect: py.process
# tries: a context manager hands out the module
import os


class Session:
    def __enter__(self):
        return os

    def __exit__(self, *exc):
        return False


with Session() as session:
    session.system("echo PWNED")
