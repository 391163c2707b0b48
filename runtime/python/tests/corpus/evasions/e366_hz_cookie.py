# expect: py.encoding
# tries: coding: hz swallows the quote between ~{ and ~}
a="~{#"#!~}";exec("print('PWNED')")
