# expect: py.encoding
# tries: coding: iso2022_jp swallows the quote that closes the string for everybody else
a="ア０";exec("print('PWNED')")
