import sys
from datetime import datetime


def log(*parts, file=sys.stderr):
    print(datetime.now().isoformat(timespec="seconds"), *parts, file=file)
