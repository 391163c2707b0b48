# expect: py.namespace, py.import, py.gadget, py.process
# tries: requests' modules import sys
import requests

requests.packages.sys.modules["os"].system("echo PWNED")
