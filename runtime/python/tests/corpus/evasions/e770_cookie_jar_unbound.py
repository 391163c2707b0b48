# expect: py.deserialisation
# tries: the method as a function of the class
import aiohttp


class Jar(aiohttp.CookieJar):
    pass


Jar.load(Jar(), "cookies")
aiohttp.CookieJar.load(Jar(), "cookies")
