import os

import registry

registry.register("x", os)
