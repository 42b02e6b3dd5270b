"""Patterns of zeros: N:M keeps N of every M weights that follow each other in a row, wherever they are needed least."""

UNSTRUCTURED = "unstructured"
# Name -> (kept, of how many).
GROUPED = {"2:4": (2, 4), "4:8": (4, 8)}
PATTERNS = (UNSTRUCTURED, *GROUPED)
# What every N:M pattern removes of the groups: both of them halve.
SPARSITY = 0.5


def kept(pattern: str, rows: int, cols: int) -> int:
    """Weights that a matrix of `rows` x `cols` keeps under an N:M `pattern`.

    Where `cols` is no multiple of M, the columns behind the last whole group stay dense.
    """
    keep, among = GROUPED[pattern]
    return rows * (cols - cols // among * (among - keep))
