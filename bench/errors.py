"""What can go wrong with a measurement."""


class CannotMeasure(Exception):
    """What was asked for can't be measured or drawn; the message says why, and what to do."""
