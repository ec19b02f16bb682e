"""The engines: rule analysis, exploration, replay; the findings; the command line."""
