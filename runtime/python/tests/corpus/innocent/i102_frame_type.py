# innocent: the documented annotation of a signal handler
import signal
from types import FrameType
from typing import Optional


def stop(number: int, frame: Optional[FrameType]) -> None:
    raise KeyboardInterrupt


signal.signal(signal.SIGTERM, stop)
