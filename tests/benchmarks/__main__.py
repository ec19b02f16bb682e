"""Every benchmark in turn: ``make bench`` or ``python -m tests.benchmarks``."""

import sys

from tests.benchmarks import exploring, reading

if __name__ == "__main__":
    sys.exit(exploring.main() or reading.main())
