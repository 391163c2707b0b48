from base import Base


class Agent(Base):
    def go(self):
        return self.backend.system("echo PWNED")


Agent().go()
