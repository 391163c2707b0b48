import builtins

builtins.eval("print('PWNED')")
