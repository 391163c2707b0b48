# expect: py.process
# tries: a method of a class from outside keeps a module
import os
import queue

line = queue.Queue()
queue.Queue.put(line, os)
line.get().system("echo PWNED")
