import helper

helper.os.system("echo PWNED")
