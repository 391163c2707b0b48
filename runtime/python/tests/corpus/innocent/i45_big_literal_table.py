# innocent: long literal tables and very long lines
import bisect
from array import array

PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223, 227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311, 313, 317, 331, 337, 347, 349, 353, 359, 367, 373, 379, 383, 389, 397, 401, 409, 419, 421, 431, 433, 439, 443, 449, 457, 461, 463, 467, 479, 487, 491, 499]
OPCODES = {
    "nop": (0x00, 0, b""), "push": (0x01, 4, b"\x01"), "pop": (0x02, 0, b"\x02"), "add": (0x10, 0, b"\x10"),
    "sub": (0x11, 0, b"\x11"), "mul": (0x12, 0, b"\x12"), "eval": (0x20, 2, b"\x20"), "exec": (0x21, 2, b"\x21"),
    "fork": (0x30, 1, b"\x30"), "kill": (0x31, 1, b"\x31"), "system": (0x40, 8, b"\x40"), "halt": (0xFF, 0, b"\xff"),
}
LONG = "The quick brown fox said: never call eval(input()) or exec(open('x').read()) or __import__('os').system('id') in code that reads what others wrote; " * 20 + "it is " + ("very " * 50) + "unwise."
NESTED = {"a": [{"b": ({"c": [[[[[[[[[[1, 2], 3], 4], 5], 6], 7], 8], 9], 10], {"d": {"e": {"f": {"g": (((((1,),),),),)}}}}]},)}]}
FLAGS = 0b1010_1010 | 0o17 << 8 | 0xFFFF_0000 ^ 1_000_000
MATRIX = (
    (1.0, 0.0, -1.5e-3, 2.5j),
    (0.0, 1.0, .5, 1e10),
    (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 10, ((((((((((1)))))))))), -+-+~1, not not not False),
)


def is_prime(n):
    at = bisect.bisect_left(PRIMES, n)
    return at < len(PRIMES) and PRIMES[at] == n


BY_CODE = {code: name for name, (code, _, _) in OPCODES.items()}
print(is_prime(499), is_prime(498), BY_CODE[0x20], len(LONG) > 1000, FLAGS, array("H", PRIMES).itemsize)
print(NESTED["a"][0]["b"][0]["c"][1]["d"]["e"]["f"]["g"], MATRIX[2][2])
