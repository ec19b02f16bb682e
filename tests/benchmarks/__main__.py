"""Every benchmark in turn: ``make bench`` or ``python -m tests.benchmarks``."""

import sys

from tests.benchmarks import draft, exploring, judging, reading

if __name__ == "__main__":
    sys.exit(exploring.main() or draft.main() or reading.main() or judging.main())
