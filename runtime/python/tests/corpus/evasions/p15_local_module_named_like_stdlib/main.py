import textwrap

textwrap.dedent("echo PWNED")
