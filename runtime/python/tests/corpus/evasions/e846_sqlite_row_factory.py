# expect: py.process
# tries: a row factory gives a module
import os
import sqlite3

connection = sqlite3.connect(":memory:")
connection.row_factory = lambda cursor, row: os
connection.execute("select 1").fetchone().system("echo PWNED")
