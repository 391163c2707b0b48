import pathlib

import work.main
