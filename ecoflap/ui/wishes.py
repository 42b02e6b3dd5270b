"""What strangers may ask for when something is to be measured: settings within bounds, and samples that are listed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ecoflap.data.registry import DEMO
from ecoflap.errors import EcoflapError
from ecoflap.importance.settings import Settings

# What the page offers, as the registry has it: that one needs torch, and the page is there before it.
METHODS = ("zeroth-order", "zeroth-order-block", "first-order", "response", "joint", "local")
# Bounds of page and API alone: the command line takes more.
MOST = {"samples": 512, "draws": 64, "seed": 2**31 - 1}
# Of whoever calls the endpoints of a page that others see: one stranger's run keeps everybody's model busy.
MOST_OF_STRANGERS = MOST | {"samples": 64, "draws": 16}


def settings_of(wished: Mapping[str, Any], bounds: Mapping[str, int] = MOST) -> Settings:
    """The settings of a run: method, samples, seed, draws, gradient; what is None is as by default.

    Raises:
        EcoflapError: a number that is not offered, or a method that there is not.
    """
    known = Settings()
    for name, most in bounds.items():
        number = wished.get(name)
        if number is not None:
            known = replace(known, **{name: whole(name, number, 0 if name == "seed" else 1, most)})
    method, gradient = wished.get("method"), wished.get("gradient")
    if method not in METHODS:
        raise EcoflapError("not_a_choice", name="method", value=method, choices=", ".join(METHODS))
    return replace(known, method=method, gradient=known.gradient if gradient is None else gradient)


def whole(name: str, value: Any, least: int, most: int) -> int:
    """`value`, if it is a whole number within its bounds.

    Raises:
        EcoflapError: it is not.
    """
    if type(value) is not int or not least <= value <= most:
        raise EcoflapError("page_number", name=name, value=value, least=least, most=most)
    return value


def source_of(host: Any, named: Any) -> str | None:
    """Where samples come from; None for what the model brings.

    Raises:
        EcoflapError: a stranger names what the page does not list.
    """
    name = named.strip() if isinstance(named, str) else ""
    if not host.free and name not in ("", DEMO):
        raise EcoflapError("host_not_listed", value=name)
    return name or None
