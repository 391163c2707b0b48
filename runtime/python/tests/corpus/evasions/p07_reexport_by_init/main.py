from agent import launch

launch("echo PWNED")
