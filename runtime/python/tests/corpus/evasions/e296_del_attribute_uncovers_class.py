# expect: py.process
# tries: deleting an instance's attribute uncovers the class's
import os


class Agent:
    backend = os


agent = Agent()
agent.backend = None
del agent.backend
agent.backend.system("echo PWNED")
