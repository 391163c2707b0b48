# innocent: a module of settings that other modules change
import settings
import store

settings.LIMIT = 2
settings.verbose = True
store.put("a", 1)
store.put("b", 2)
store.put("c", 3)
print(store.items(), getattr(settings, "verbose", False), hasattr(settings, "missing"))
