# expect: py.process
# tries: a weak set holds a module
import os
import weakref

tools = weakref.WeakSet()
tools.add(os)
for tool in tools:
    tool.system("echo PWNED")
