# expect: py.process
# tries: heapq puts a module into a list
import heapq
import os

items = []
heapq.heappush(items, os)
items[0].system("echo PWNED")
