# expect: py.deserialisation, py.import, py.namespace, py.gadget
# tries: logging.handlers imports pickle
import logging.handlers

logging.handlers.pickle.loads(b"cbuiltins\nprint\n(S'PWNED'\ntR.")
