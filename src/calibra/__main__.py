"""`python -m calibra` is `calibra`."""

import sys

from calibra.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
