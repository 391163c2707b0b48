# expect: py.process
# tries: bisect puts a module into a list
import bisect
import os

tools = []
bisect.insort(tools, os, key=id)
tools[0].system("echo PWNED")
