# expect: py.process
# tries: a timer calls with its arguments
import os
import threading

timer = threading.Timer(0.01, lambda tool: tool.system("echo PWNED"), [os])
timer.start()
timer.join()
