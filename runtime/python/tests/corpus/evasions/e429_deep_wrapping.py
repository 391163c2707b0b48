# expect: py.process, py.dynamic-attribute, py.namespace
# tries: a loop wraps the module in lists, another unwraps it
import os

box = os
for _ in range(50):
    box = [box]
while isinstance(box, list):
    (box,) = box
box.system("echo PWNED")
