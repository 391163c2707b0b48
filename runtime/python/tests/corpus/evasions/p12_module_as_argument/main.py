import os

from helper import run

run(os, "echo PWNED")
