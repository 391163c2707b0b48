# expect: py.process
# tries: huggingface_hub starts programs: re-exported function
import huggingface_hub.utils

process = huggingface_hub.utils.run_subprocess("echo PWNED")
print("out", process.stdout.strip())
