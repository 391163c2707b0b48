import os as random
