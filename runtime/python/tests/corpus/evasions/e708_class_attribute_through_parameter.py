# expect: py.process
# tries: a function stores into a class that it was given
import json
import os


def equip(cls):
    cls.tool = os


equip(json.JSONDecoder)
json.JSONDecoder.tool.system("echo PWNED")
