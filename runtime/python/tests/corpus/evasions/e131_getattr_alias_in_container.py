# expect: py.process, py.dynamic-attribute
# tries: getattr itself under another name
import os

tools = {"read": getattr}
tools["read"](os, "system")("echo PWNED")
