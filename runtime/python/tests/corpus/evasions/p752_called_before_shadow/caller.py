import runner

runner.run("print('PWNED')")
