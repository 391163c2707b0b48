# expect: py.namespace, py.process
# tries: __getstate__ of a third-party module is its __dict__
import requests.utils

requests.utils.__getstate__()["os"].system("echo PWNED")
