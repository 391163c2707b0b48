# expect: py.encoding
 	# tries: coding: utf-7 after a form feed and a tab
# nothing to see here +AAo-exec("print('PWNED')")
