from agent import tools

tools.system("echo PWNED")
