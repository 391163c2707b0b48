# expect: py.code-execution
# tries: any callable can be a metaclass
class Payload(metaclass=lambda name, bases, body: exec(body["text"])):
    text = "print('PWNED')"
