import os

__path__.append(os.getcwd())
