# expect: py.process, py.dynamic-attribute
# tries: string.Template
import os
import string

getattr(os, string.Template("${a}tem").substitute(a="sys"))("echo PWNED")
