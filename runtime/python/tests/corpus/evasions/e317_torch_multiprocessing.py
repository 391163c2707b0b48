# expect: py.process, py.import
# tries: processes by torch
import torch.multiprocessing as workers

workers.spawn(print, args=("PWNED",))
