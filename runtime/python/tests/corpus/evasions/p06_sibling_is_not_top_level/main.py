import agent.run
