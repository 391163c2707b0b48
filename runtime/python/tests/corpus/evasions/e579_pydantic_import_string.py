# expect: py.dynamic-import
# tries: pydantic imports by name, under the function's present path
from pydantic._internal import _validators

_validators.import_string("os.system")("echo PWNED")
