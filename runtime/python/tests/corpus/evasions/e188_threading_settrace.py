# expect: py.introspection, py.gadget
# tries: a trace function gets frames
import threading


def trace(frame, event, arg):
    run, frame = frame.f_builtins["exec"], None
    run("print('PWNED')")


threading.settrace(trace)
worker = threading.Thread(target=len, args=("x",))
worker.start()
worker.join()
