# expect: py.network, py.import
# tries: the socket module that urllib has
import urllib.request

print("PWNED", urllib.request.socket.socket)
