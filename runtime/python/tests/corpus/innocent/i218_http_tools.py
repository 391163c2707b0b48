# innocent: clients of HTTP in the usual ways
"""Clients of HTTP in the usual ways."""
import asyncio
import http.client
import json
import logging
import logging.handlers
from types import SimpleNamespace
from urllib.parse import urlencode, urljoin

import aiohttp
import httpx
import requests

log = logging.getLogger(__name__)
log.addHandler(logging.handlers.RotatingFileHandler("agent.log", maxBytes=1000, backupCount=1))


settings = SimpleNamespace(BASE="http://localhost")


class Api:
    def __init__(self, base, token):
        self.session = requests.Session()
        self.session.headers.update({"Authorization": f"Bearer {token}"})
        self.base = base

    def get(self, path, **params):
        response = self.session.get(urljoin(self.base, path), params=params, timeout=10)
        response.raise_for_status()
        return response.json()


class Jar(aiohttp.CookieJar):
    def names(self):
        return [cookie.key for cookie in self]


async def fetch(url):
    async with aiohttp.ClientSession(cookie_jar=Jar(), timeout=aiohttp.ClientTimeout(total=5)) as session:
        async with session.get(url) as response:
            return await response.text()


async def stream(url):
    async with httpx.AsyncClient() as client:
        async with client.stream("POST", url, json={"stream": True}) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line[6:])


def plain(host, path, **query):
    connection = http.client.HTTPSConnection(host, timeout=5)
    try:
        connection.request("GET", f"{path}?{urlencode(query)}")
        return connection.getresponse().read()
    finally:
        connection.close()


if __name__ == "__main__":
    print(Api(settings.BASE, "x").get("models", limit=1), asyncio.run(fetch(settings.BASE)))
