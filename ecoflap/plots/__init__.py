"""Allocations as figures for Plotly: plain data, ready for JSON, so that building one costs next to nothing."""

from ecoflap.plots.curves import curves
from ecoflap.plots.frame import Figure
from ecoflap.plots.groups import Group, groups_of
from ecoflap.plots.importance import importance
from ecoflap.plots.skyline import skyline

__all__ = ["Figure", "Group", "curves", "groups_of", "importance", "skyline"]
