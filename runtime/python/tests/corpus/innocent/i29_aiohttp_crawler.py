# innocent: a polite crawler with aiohttp
import asyncio
import re
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlparse

import aiohttp


class Links(HTMLParser):
    def __init__(self, base: str):
        super().__init__(convert_charrefs=True)
        self.base, self.found, self.title = base, set(), ""
        self._in_title = False

    def handle_starttag(self, tag, attrs):
        self._in_title = tag == "title"
        if tag == "a" and (href := dict(attrs).get("href")):
            self.found.add(urldefrag(urljoin(self.base, href)).url)

    def handle_endtag(self, tag):
        self._in_title = False

    def handle_data(self, data):
        if self._in_title:
            self.title += re.sub(r"\s+", " ", data)


async def crawl(start: str, limit: int = 20, at_once: int = 4) -> dict[str, str]:
    host = urlparse(start).netloc
    seen, titles = {start}, {}
    queue: asyncio.Queue[str] = asyncio.Queue()
    queue.put_nowait(start)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:

        async def work():
            while True:
                url = await queue.get()
                try:
                    async with session.get(url, allow_redirects=True) as response:
                        if "html" not in response.headers.get("Content-Type", ""):
                            continue
                        parser = Links(str(response.url))
                        parser.feed(await response.text(errors="replace"))
                    titles[url] = parser.title.strip()
                    for link in parser.found - seen:
                        if urlparse(link).netloc == host and len(seen) < limit:
                            seen.add(link)
                            queue.put_nowait(link)
                except (aiohttp.ClientError, asyncio.TimeoutError) as error:
                    titles[url] = f"({error.__class__.__name__})"
                finally:
                    queue.task_done()

        tasks = [asyncio.ensure_future(work()) for _ in range(at_once)]
        await queue.join()
        for task in tasks:
            task.cancel()
    return titles


if __name__ == "__main__":
    for url, title in sorted(asyncio.run(crawl("https://example.org/")).items()):
        print(url, title)
