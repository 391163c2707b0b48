# expect: py.process, py.gadget
# tries: a viewer of Pillow runs its command
from PIL import ImageShow


class Viewer(ImageShow.Viewer):
    def get_command(self, file, **options):
        return "echo PWNED"


Viewer().show_file(__file__)
