# expect: py.import
# tries: a module of the standard library that is on no list
import sched
import time

scheduler = sched.scheduler(time.time, time.sleep)
scheduler.enter(0, 0, print, ("PWNED",))
scheduler.run()
