from .inner import launch

__all__ = ["launch"]
