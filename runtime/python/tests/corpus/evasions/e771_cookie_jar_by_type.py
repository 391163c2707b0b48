# expect: py.deserialisation
# tries: type() makes the class
import aiohttp

Jar = type("Jar", (aiohttp.CookieJar,), {})
Jar().load("cookies")
