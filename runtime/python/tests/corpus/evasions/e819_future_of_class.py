# expect: py.process
# tries: a future is given its result by the function of its class
import concurrent.futures
import os

future = concurrent.futures.Future()
concurrent.futures.Future.set_result(future, os)
future.result().system("echo PWNED")
