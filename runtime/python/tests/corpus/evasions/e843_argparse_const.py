# expect: py.process
# tries: the constant of an option
import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--tool", action="store_const", const=os, default=os)
parser.parse_args([]).tool.system("echo PWNED")
