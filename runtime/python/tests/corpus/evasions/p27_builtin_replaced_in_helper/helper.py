from agent.parse import int as number
