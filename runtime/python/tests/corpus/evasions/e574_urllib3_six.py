# expect: py.code-execution
# tries: six inside of urllib3 has exec
import urllib3.packages.six as six

six.exec_("print('PWNED')")
