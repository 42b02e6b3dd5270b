"""A value that acts when it is unpickled, for tests that nothing does."""

from pathlib import Path


class Dangerous:
    """Makes the file `path` when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")
