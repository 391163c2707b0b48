# expect: py.dynamic-import, py.gadget, py.code-execution, py.process
# tries: a type that imports what the text names
from pydantic import ImportString, TypeAdapter

TypeAdapter(ImportString).validate_python("os.system")("echo PWNED")
