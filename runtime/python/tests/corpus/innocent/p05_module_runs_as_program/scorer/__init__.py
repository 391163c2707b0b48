from .constants import EPSILON, WORD

__all__ = ["EPSILON", "WORD"]
