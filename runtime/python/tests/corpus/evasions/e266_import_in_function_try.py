# expect: py.native-code, py.import
# tries: an import hidden in a function in a try in a class
class Agent:
    def load(self):
        try:
            if True:
                import ctypes as numbers_tool
        except ImportError:
            return None
        return numbers_tool.c_char_p(b"PWNED").value


print(Agent().load())
