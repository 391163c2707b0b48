# expect: py.deserialisation
# tries: an object of a class made from CookieJar reads pickles
import aiohttp


class Jar(aiohttp.CookieJar):
    pass


class Other(Jar):
    pass


jar = Other()
jar.load("cookies")
