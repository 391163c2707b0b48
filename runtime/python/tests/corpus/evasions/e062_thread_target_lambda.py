# expect: py.process
# tries: a thread passes the module to a function
import os
import threading

worker = threading.Thread(target=lambda backend: backend.system("echo PWNED"), args=(os,))
worker.start()
worker.join()
