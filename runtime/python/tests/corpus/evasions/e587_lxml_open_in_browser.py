# expect: py.process
# tries: lxml starts a browser
import os

import lxml.html

os.environ["BROWSER"] = "echo PWNED %s"
lxml.html.open_in_browser(lxml.html.fromstring("<p>x</p>"))
