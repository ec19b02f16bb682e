"""Every benchmark in turn: ``make bench`` or ``python -m tests.benchmarks``."""

import sys

from tests.benchmarks.reading import main

if __name__ == "__main__":
    sys.exit(main())
