# expect: py.process
# tries: a scanner of re calls back
import os
import re

scanner = re.Scanner([("a", lambda scanner, text: os)])
scanner.scan("a")[0][0].system("echo PWNED")
