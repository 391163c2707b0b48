# expect: py.import, py.process, py.gadget, py.dynamic-import
# tries: markdown calls any class by name with any keyword arguments
import markdown

try:
    markdown.markdown("", extensions=["subprocess:Popen"], extension_configs={"subprocess:Popen": {"args": ["echo", "PWNED"]}})
except TypeError:
    pass
