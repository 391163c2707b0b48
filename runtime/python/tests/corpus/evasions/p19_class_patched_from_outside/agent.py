class Agent:
    backend = None

    def go(self):
        return self.backend.system("echo PWNED")
