from tools import system

system("echo PWNED")
