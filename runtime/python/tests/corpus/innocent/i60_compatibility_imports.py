# innocent: optional modules, tried one after the other
import sys
import warnings

try:
    import tomllib
except ModuleNotFoundError:
    tomllib = None

try:
    import numpy as np
except ImportError:
    np = None
else:
    np.seterr(all="ignore")

if sys.platform == "win32":
    NEWLINE = "\r\n"
elif sys.platform.startswith("linux"):
    NEWLINE = "\n"
else:
    import os

    NEWLINE = os.linesep

HAVE_NUMPY = np is not None
__all__ = ["mean", "parse"]
__version__ = "1.2.3"
__author__ = "somebody"


def mean(values):
    """Mean of the values, with numpy where there is one."""
    if HAVE_NUMPY and len(values) > 1000:
        return float(np.mean(values))
    import statistics

    return statistics.fmean(values)


def parse(text):
    if tomllib is None:
        warnings.warn("no TOML here", RuntimeWarning, stacklevel=2)
        return {}
    return tomllib.loads(text)


def __getattr__(name):
    if name == "average":
        warnings.warn("average is now mean", DeprecationWarning, stacklevel=2)
        return mean
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)


if __name__ == "__main__":
    print(mean([1, 2, 3]), parse("a = 1"), repr(NEWLINE), __file__.endswith(".py"), __doc__ is None)
