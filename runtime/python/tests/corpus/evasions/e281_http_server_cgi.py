# expect: py.gadget, py.network, py.process
# tries: a handler that runs programs
import http.server

print("PWNED", issubclass(http.server.CGIHTTPRequestHandler, object))
