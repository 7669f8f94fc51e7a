"""The engine in one process, the gateway in others: what they say to each other over a Unix socket.

``frames`` is the vocabulary, ``pipe`` carries it, ``far_engine`` stands in a gateway process for the engine, and
``attend`` answers it where the engine is. Who starts and watches the processes is ``gateway.workers``.
"""
