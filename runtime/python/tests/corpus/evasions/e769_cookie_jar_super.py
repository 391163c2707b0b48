# expect: py.deserialisation
# tries: the method of the class from outside by super()
import aiohttp


class Jar(aiohttp.CookieJar):
    def load(self, path):
        super().load(path)


Jar().load("cookies")
