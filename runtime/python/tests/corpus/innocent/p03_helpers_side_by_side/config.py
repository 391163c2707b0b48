import os

DEFAULTS = {"model": "small", "temperature": 0.0}


def load(changes=None):
    found = {k: os.environ.get(k.upper(), v) for k, v in DEFAULTS.items()}
    return {**found, **(changes or {})}
