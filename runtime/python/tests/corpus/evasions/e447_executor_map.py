# expect: py.process, py.dynamic-attribute, py.namespace
# tries: an executor passes the module to a function
import os
from concurrent.futures import ThreadPoolExecutor


def step(backend):
    return backend.system("echo PWNED")


with ThreadPoolExecutor() as pool:
    list(pool.map(step, [os]))
