# expect: py.process, py.import, py.namespace, py.gadget
# tries: concurrent.futures.process imports multiprocessing
from concurrent.futures import process

worker = process.mp.get_context("fork").Process(target=print, args=("PWNED",))
worker.start()
worker.join()
