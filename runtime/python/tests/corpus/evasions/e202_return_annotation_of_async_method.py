# expect: py.code-execution
# tries: the return annotation of an async method
class Agent:
    async def step(self) -> eval("print('PWNED')"):
        pass
