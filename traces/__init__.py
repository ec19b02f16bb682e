"""Captures and event logs of Mobile IPv6 nodes, read to one stream of events, and written back."""
