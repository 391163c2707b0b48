from os import system as dedent
