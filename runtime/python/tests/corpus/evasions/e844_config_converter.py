# expect: py.process
# tries: a converter of configparser gives a module
import configparser
import os

config = configparser.ConfigParser(converters={"tool": lambda text: os})
config.read_string("[a]\nx = 1")
config["a"].gettool("x").system("echo PWNED")
