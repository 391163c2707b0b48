from os import system as launch
