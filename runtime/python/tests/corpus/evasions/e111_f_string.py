# expect: py.process, py.dynamic-attribute
# tries: f-string with a padded field
import os

half = "sys"
getattr(os, f"{half}{'t':.1}em")("echo PWNED")
