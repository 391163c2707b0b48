import os

LIMIT = len(os.sep)
