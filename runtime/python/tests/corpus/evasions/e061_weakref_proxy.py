# expect: py.process, py.dynamic-attribute, py.namespace
# tries: a weak proxy of a module is as good as the module
import os
import weakref

weakref.proxy(os).system("echo PWNED")
