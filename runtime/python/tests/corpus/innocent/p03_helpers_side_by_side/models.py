import config


class Model:
    def __init__(self, **settings):
        for name in config.DEFAULTS:
            setattr(self, name, settings[name])

    def eval(self, question):
        return f"{self.model} says: {question}"
