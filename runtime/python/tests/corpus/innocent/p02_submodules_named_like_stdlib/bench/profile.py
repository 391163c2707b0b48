from . import code


class Profile:
    def __init__(self, name):
        self.name, self.blocks = name, []

    def add(self, block: code.CodeBlock):
        self.blocks.append(block)
