"""What can go wrong in the engine, by name."""


class BundleError(Exception):
    """A model bundle can't be used; the sentence says why, and what to do."""


class DeviceError(Exception):
    """The device is not here, or can't run the engine; the sentence says why, and what to do."""


class EngineFull(Exception):
    """Every slot of memory is taken: close a dialogue, or load the engine with more slots."""


class EngineBusy(Exception):
    """Work that can be done without (a glance, faces) is not done: the queue is full, or a newer glance has come."""
