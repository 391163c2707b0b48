from helper import number

print(number("print('PWNED')"))
