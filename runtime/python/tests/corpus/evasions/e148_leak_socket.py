# expect: py.network, py.import, py.namespace, py.gadget
# tries: http.client imports socket
import http.client

left, right = http.client.socket.socketpair()
left.send(b"PWNED")
print(right.recv(10))
