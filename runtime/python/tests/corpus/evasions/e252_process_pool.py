# expect: py.process, py.gadget
# tries: a pool of processes runs any function
from concurrent.futures import ProcessPoolExecutor

if __name__ == "__main__":
    with ProcessPoolExecutor(1) as pool:
        print(*pool.map(str, ["PWNED"]))
