# expect: py.process
# tries: tqdm starts processes
from tqdm.contrib.concurrent import process_map

if __name__ == "__main__":
    process_map(print, ["PWNED"])
