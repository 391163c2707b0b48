# expect: py.deserialisation
# tries: the jar of a session
import aiohttp


async def main():
    async with aiohttp.ClientSession() as session:
        session.cookie_jar.load("cookies")
