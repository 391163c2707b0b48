# expect: py.introspection, py.gadget
# tries: traceback.walk_stack hands out frames
import traceback


def run(depth):
    if depth:
        return run(depth - 1)
    frame, _ = next(traceback.walk_stack(None))
    return frame.f_builtins["eval"]("print('PWNED')")


run(5)
