# innocent: an agent as a package with relative imports and re-exports
import sys

from agent import Agent, __version__
from agent.tools import TOOLS


def main():
    agent = Agent(TOOLS)
    print(agent.run(["upper:abc", "length:abcd", "eval:1"]), __version__, file=sys.stderr)


if __name__ == "__main__":
    main()
