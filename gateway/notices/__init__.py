"""Notices that leave the house: webhooks and mail, made from the log, at least once, in order per subject.

``notices`` runs it all for every hospital · ``tape`` reads the log as notices · ``outbox`` knows what is open, without
any I/O · ``courier`` carries it out · ``webhook`` and ``smtp`` speak the protocols · ``breaker``, ``addresses`` guard.
"""
