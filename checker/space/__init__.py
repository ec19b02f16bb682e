"""Exploration of transition systems: several engines, one answer."""
