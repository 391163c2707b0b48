# expect: py.network
# tries: a class made from HTTPConnection uses its socket
import http.client


class Raw(http.client.HTTPConnection):
    def run(self):
        self.connect()
        self.sock.sendall(b"raw")


try:
    Raw("127.0.0.1", 9).run()
except OSError:
    print("PWNED")
