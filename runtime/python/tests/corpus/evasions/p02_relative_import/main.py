from agent.run import go

go()
