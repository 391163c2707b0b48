import right
import os as backend


def go():
    return right.run("echo PWNED")
