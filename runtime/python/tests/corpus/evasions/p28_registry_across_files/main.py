import registry
import tools

assert tools
for backend in registry.BACKENDS.values():
    backend.system("echo PWNED")
