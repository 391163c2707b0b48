# expect: py.dynamic-attribute
# tries: the name comes from outside
import os

getattr(os, os.environ.get("AGENT_TOOL", "system"))("echo PWNED")
