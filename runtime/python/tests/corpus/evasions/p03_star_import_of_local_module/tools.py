import os as backend
