# innocent: a loop at module level over names written down
import numpy as np
for name in ["mean", "std"]:
    x = getattr(np, name)
