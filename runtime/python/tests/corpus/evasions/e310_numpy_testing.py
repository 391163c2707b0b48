# expect: py.code-execution, py.import, py.gadget
# tries: numpy's test helpers run text
import numpy.testing as check

check.assert_raises
check.rundocs("payload.py")
