from tools import *

backend.system("echo PWNED")
