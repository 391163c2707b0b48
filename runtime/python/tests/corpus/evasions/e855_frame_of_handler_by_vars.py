# expect: py.introspection, py.dynamic-attribute
# tries: the globals of a frame by a pattern
import os
import signal


def handle(number, frame):
    match frame:
        case object(f_globals=space):
            space["os"].system("echo PWNED")


signal.signal(signal.SIGALRM, handle)
signal.setitimer(signal.ITIMER_REAL, 0.01)
signal.pause()
