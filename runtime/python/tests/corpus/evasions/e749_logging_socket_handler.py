# expect: py.network, py.deserialisation
# tries: a handler of logging opens a connection
import logging.handlers

handler = logging.handlers.SocketHandler("127.0.0.1", 9)
try:
    handler.makeSocket().sendall(b"raw")
except OSError:
    print("PWNED")
