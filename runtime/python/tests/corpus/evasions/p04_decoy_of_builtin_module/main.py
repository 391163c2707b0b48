import posix

posix.system("echo PWNED")
