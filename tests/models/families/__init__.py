"""Tiny random models of every family, written to a folder with their processors as real checkpoints are."""

from tests.models.families.chat import FAMILIES as CHAT
from tests.models.families.common import Family
from tests.models.families.newer import FAMILIES as NEWER
from tests.models.families.plain import FAMILIES as PLAIN

FAMILIES: dict[str, Family] = {family.name: family for family in (*PLAIN, *CHAT, *NEWER)}
