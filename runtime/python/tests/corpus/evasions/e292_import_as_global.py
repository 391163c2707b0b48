# expect: py.process
# tries: an import statement inside a function binds a global name
def load():
    global json
    import os as json


import json

load()
json.system("echo PWNED")
