"""`python -m calibra` is `calibra`."""

import sys

from calibra.cli import main

if __name__ == "__main__":
    sys.exit(main())
