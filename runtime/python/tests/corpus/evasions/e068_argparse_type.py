# expect: py.code-execution
# tries: argparse calls `type` with text
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("value", type=eval)
parser.parse_args(["print('PWNED')"])
