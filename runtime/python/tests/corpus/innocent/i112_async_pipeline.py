# innocent: queues, tasks, semaphores, cancellation
import asyncio
import contextlib
import itertools
import random
import signal
from collections import defaultdict, deque
from contextlib import asynccontextmanager, suppress


@asynccontextmanager
async def limited(semaphore):
    async with semaphore:
        yield semaphore


class Bus:
    def __init__(self):
        self.handlers = defaultdict(list)
        self.log = deque(maxlen=100)

    def on(self, event):
        def decorate(function):
            self.handlers[event].append(function)
            return function

        return decorate

    async def emit(self, event, /, **payload):
        self.log.append((event, payload))
        results = await asyncio.gather(*(h(**payload) for h in self.handlers[event]), return_exceptions=True)
        return [r for r in results if not isinstance(r, Exception)]


bus = Bus()


@bus.on("tick")
async def tick(number):
    await asyncio.sleep(random.random() / 1000)
    return number


async def worker(queue, results, semaphore):
    while True:
        item = await queue.get()
        try:
            async with limited(semaphore):
                results.extend(await bus.emit("tick", number=item))
        finally:
            queue.task_done()


async def main():
    queue, results = asyncio.Queue(), []
    semaphore = asyncio.Semaphore(2)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    workers = [asyncio.create_task(worker(queue, results, semaphore)) for _ in range(3)]
    for number in itertools.islice(itertools.count(), 10):
        queue.put_nowait(number)
    await queue.join()
    for task in workers:
        task.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    text = await loop.run_in_executor(None, lambda: str(sorted(results)))
    with contextlib.redirect_stdout(None):
        print("silent")
    return text


print(asyncio.run(main()))
