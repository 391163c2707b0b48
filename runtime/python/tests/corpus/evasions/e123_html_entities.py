# expect: py.process, py.dynamic-attribute
# tries: HTML entities
import html
import os

getattr(os, html.unescape("&#115;y&#x73;tem"))("echo PWNED")
