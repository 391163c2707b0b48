# expect: py.process, py.dynamic-attribute, py.namespace
# tries: a queue carries the module
import os
import queue

backends = queue.Queue()
backends.put(os)
backends.get().system("echo PWNED")
