"""A small agent."""
from .core import Agent
from .version import __version__

__all__ = ["Agent", "__version__"]
