# expect: py.dynamic-attribute
# tries: argparse sets the attribute that the class gives a default
import argparse
import os


class Options(argparse.Namespace):
    name = "path"

    def run(self):
        return getattr(os, self.name)


parser = argparse.ArgumentParser()
parser.add_argument("--name")
parser.parse_args(["--name", "system"], namespace=Options()).run()("echo PWNED")
