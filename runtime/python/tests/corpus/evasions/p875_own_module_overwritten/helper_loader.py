with open("later.py", "w") as file:
    file.write("print('PWNED')")
import later
