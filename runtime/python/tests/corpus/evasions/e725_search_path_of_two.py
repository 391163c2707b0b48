# expect: py.search-path
# tries: the path comes from a container that has __file__ as well
import pathlib
import sys
import tempfile

folder = tempfile.mkdtemp()
pathlib.Path(folder, "colorsys.py").write_text("print('PWNED')")
sys.path.insert(0, [__file__, folder][1])
import colorsys
