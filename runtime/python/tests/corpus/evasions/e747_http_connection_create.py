# expect: py.network
# tries: the function by which an HTTP connection makes its socket
import http.client

connection = http.client.HTTPConnection("127.0.0.1")
try:
    connection._create_connection(("127.0.0.1", 9)).sendall(b"raw")
except OSError:
    print("PWNED")
