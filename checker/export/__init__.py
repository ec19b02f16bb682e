"""A transition system as text that other tools read: Promela, TLA+, SMT-LIB."""
