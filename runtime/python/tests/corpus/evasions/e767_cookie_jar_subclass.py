# expect: py.deserialisation
# tries: a class made from CookieJar reads pickles
import aiohttp


class Jar(aiohttp.CookieJar):
    def read(self, path):
        self.load(path)


Jar().read("cookies")
