"""Run a module of the project with LAVIS's type `tiny`: python -m tests.lavis.launch HOME MODULE ARGUMENTS ..."""

import runpy
import sys
import warnings
from pathlib import Path

if __name__ == "__main__":
    home, module = Path(sys.argv[1]), sys.argv[2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tests.lavis import makers
    makers.use(home)
    sys.argv = sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
