"""Replay: did the implementation in a trace do what the document says?"""

from checker.replay.engine import Replayer, replay
from checker.replay.options import ReplayOptions, ReplaySummary

__all__ = ["ReplayOptions", "ReplaySummary", "Replayer", "replay"]
