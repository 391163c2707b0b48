# innocent: methods of one's own with names that other objects have too
"""Methods of one's own with names that other objects have too."""
import sqlite3


class Database:
    def __init__(self, path):
        self.path = path
        self.connection = self.create_connection()

    def create_connection(self):
        return sqlite3.connect(self.path)

    def _evaluate(self, node):
        return node


class Pool:
    def __init__(self):
        self.databases = []

    def open(self, path):
        database = Database(path)
        database.create_connection()
        self.databases.append(database)
        return database._evaluate(1)


def create_server(name):
    return name


print(Pool().open(":memory:"), create_server("x"))
