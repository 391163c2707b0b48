# expect: py.process, py.dynamic-attribute
# tries: a keyword in a match pattern is folded too
import os

match os:
    case object(𝔰𝔶𝔰𝔱𝔢𝔪=run):
        run("echo PWNED")
