# expect: py.namespace, py.gadget
# tries: an object of redirect_stdout is told another stream
import contextlib

redirect = contextlib.redirect_stdout(None)
redirect._stream = "modules"
redirect.__enter__()
modules = redirect._old_targets[0]
redirect.__exit__(None, None, None)
modules.get("os").system("echo PWNED")
