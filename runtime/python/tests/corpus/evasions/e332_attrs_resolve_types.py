# expect: py.code-execution, py.gadget
# tries: attrs evaluates string annotations
import attrs


@attrs.define
class Settings:
    size: "print('PWNED') or int" = 1


attrs.resolve_types(Settings)
