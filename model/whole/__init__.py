"""The whole system: several messages under way, faults of the network, restarts, Lifetimes."""
