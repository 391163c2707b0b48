# expect: py.process
# tries: an executor calls the function
import os
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(1) as pool:
    pool.submit(os.system, "echo PWNED").result()
