"""Works that need no model: they fail, end their process, or tell which process they are in."""

import os
import signal
from pathlib import Path

from ecoflap.errors import EcoflapError


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class Toy:
    """Doubles numbers. `what` is a number, or what is to go wrong."""

    def facts(self):
        return {"model": "toy"}

    def begin(self, shared):
        self.shared = shared

    def do(self, what):
        if what == "die":
            die()
        if what == "error":
            raise EcoflapError("not_positive", name="draws", value=0)
        if what == "bug":
            raise ZeroDivisionError("by zero\nand more")
        if isinstance(what, Path):  # the first time alone
            if not what.exists():
                what.touch()
                die()
            return "again"
        return 2 * what + (self.shared or 0)


class Stillborn(Toy):
    """Cannot be made."""

    def __init__(self):
        die()


class Refusing(Toy):
    """Refuses to be made."""

    def __init__(self):
        raise EcoflapError("model_not_found", spec="nowhere")
