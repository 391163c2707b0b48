import os

import agent

agent.Agent.backend = os
agent.Agent().go()
