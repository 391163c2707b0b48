# expect: py.import, py.deserialisation
# tries: pickle of the reduce protocol
import pickle


class Payload:
    def __reduce__(self):
        return print, ("PWNED",)


pickle.loads(pickle.dumps(Payload()))
