import calculator

del calculator.eval
print(calculator.run("print('PWNED')"))
