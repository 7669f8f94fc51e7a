"""Which room is the right one: a clinic's rules as data, compiled into plain functions, and the choice they lead to.

Pure, like the rule books of actors. It knows rooms only as ``RoomProfile`` and ``RoomUse``, and no calendar of its own.
"""
