"""The game's logic, pure: program, profiles and events in; effects and progress out.

Nothing here reads a clock, a database or a request; time is an argument (microseconds since 1970-01-01T00:00Z).
"""
