# innocent: scripts that import each other from the same folder
import config
import helpers
from models import Model
from utils.text import shorten as short

import utils.numbers


def main():
    settings = config.load({"model": "tiny"})
    model = Model(**settings)
    helpers.log(short(model.eval("How much is it?"), 12), utils.numbers.clamp(7, 0, 5))


if __name__ == "__main__":
    main()
