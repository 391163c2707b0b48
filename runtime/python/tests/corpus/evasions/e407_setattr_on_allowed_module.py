# expect: py.process, py.dynamic-attribute, py.namespace, py.gadget
# tries: the same by setattr, read from another alias
import os
import string
import string as text

setattr(string, "helper", os)
text.helper.system("echo PWNED")
