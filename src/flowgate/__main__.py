"""`python -m flowgate`."""

from flowgate.cli import main

main()
