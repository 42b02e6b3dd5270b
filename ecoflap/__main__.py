"""`python -m ecoflap`."""

from ecoflap.cli import main

main()
