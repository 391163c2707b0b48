import os as tools
