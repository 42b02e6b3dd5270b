"""The ways to score, as one explicit list."""

from ecoflap import errors
from ecoflap.importance import first_order, joint, local, response, zeroth_order, zeroth_order_block
from ecoflap.importance.task import Method

METHODS = (
    zeroth_order.METHOD,
    zeroth_order_block.METHOD,
    first_order.METHOD,
    response.METHOD,
    joint.METHOD,
    local.METHOD,
)


def find(name: str) -> Method:
    """The method called `name`.

    Raises:
        EcoflapError: there is none of that name.
    """
    return errors.find("method", name, METHODS)
