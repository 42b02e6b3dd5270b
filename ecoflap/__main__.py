"""`python -m ecoflap`."""

import sys

from ecoflap.texts import say

try:
    from ecoflap.cli import main

    main()
except KeyboardInterrupt:  # while libraries are imported; a command that runs says it itself
    print(say("cli.cancelled"), file=sys.stderr)
    sys.exit(2)
