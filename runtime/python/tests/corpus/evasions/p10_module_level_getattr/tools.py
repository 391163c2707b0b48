import os


def __getattr__(name):
    return getattr(os, name)
