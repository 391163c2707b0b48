# expect: py.process
# tries: list.sort hands the elements to its key
import os

tools = [os]
tools.sort(key=lambda tool: tool.system("echo PWNED"))
