"""A pruned model as a folder that loads like the one it came from."""

from ecoflap.export.card import Origin
from ecoflap.export.folder import Written, check_new, check_packed, save_pruned

__all__ = ["Origin", "Written", "check_new", "check_packed", "save_pruned"]
