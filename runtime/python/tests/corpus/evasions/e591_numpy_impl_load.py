# expect: py.deserialisation
# tries: numpy.load under the module it lives in, pickles allowed by position
import io

import numpy as np
from numpy.lib import _npyio_impl


class Payload:
    def __reduce__(self):
        return print, ("PWNED",)


buffer = io.BytesIO()
np.save(buffer, np.array([Payload()], dtype=object), True)
buffer.seek(0)
_npyio_impl.load(buffer, None, True)
