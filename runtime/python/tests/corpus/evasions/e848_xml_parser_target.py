# expect: py.process
# tries: the target of an XML parser gives a module
import os
import xml.etree.ElementTree as tree


class Target:
    def start(self, tag, attributes):
        pass

    def end(self, tag):
        pass

    def close(self):
        return os


parser = tree.XMLParser(target=Target())
parser.feed("<a/>")
parser.close().system("echo PWNED")
