# expect: py.process, py.gadget
# tries: uuid runs programs to find the address of the network card
import uuid

print(uuid._get_command_stdout("echo", "PWNED").read())
