import os

import state
import worker

state.backend = os
worker.go()
