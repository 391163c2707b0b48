import os


class Base:
    backend = os
