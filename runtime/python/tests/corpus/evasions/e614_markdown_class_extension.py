# expect: py.import, py.process
# tries: the same with an assembled name
import markdown

builder = markdown.Markdown()
try:
    builder.build_extension("os:" + "system", {"command": "echo PWNED"})
except TypeError:
    pass
