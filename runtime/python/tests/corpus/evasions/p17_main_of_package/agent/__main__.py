import os

os.system("echo PWNED")
