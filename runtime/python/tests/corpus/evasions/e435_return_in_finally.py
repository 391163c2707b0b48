# expect: py.process
# tries: finally decides what is returned
import json
import os


def backend():
    try:
        return json
    finally:
        return os


backend().system("echo PWNED")
