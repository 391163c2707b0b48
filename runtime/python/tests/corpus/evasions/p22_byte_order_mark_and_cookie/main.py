# coding: utf-7
# +AAo-exec("print('PWNED')")
