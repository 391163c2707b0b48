import aiohttp


class Jar(aiohttp.CookieJar):
    pass
