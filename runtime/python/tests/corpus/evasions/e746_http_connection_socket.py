# expect: py.network
# tries: the socket of an HTTP connection
import http.client

connection = http.client.HTTPConnection("127.0.0.1", 9)
try:
    connection.connect()
    connection.sock.sendall(b"raw")
except OSError:
    print("PWNED")
