"""The demo: a believable hub with people, a program and months of events, made alike every time from the day it is
asked on.
"""
