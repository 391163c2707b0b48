# expect: py.code-execution
# tries: a decorator that is a conditional lambda
class Agent:
    @(lambda function: eval("print('PWNED')"))
    async def step(self):
        pass
