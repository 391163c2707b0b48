# expect: py.process
# tries: an attribute of a base class from outside is read from a class made from it
import json
import os

json.JSONEncoder.tool = os


class Own(json.JSONEncoder):
    pass


Own.tool.system("echo PWNED")
