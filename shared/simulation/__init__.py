"""Deterministic simulation: the use cases under a scheduler that owns time and every port call.

One seed decides the interleaving, the crashes, the duplicates and the errors. Afterwards
the design's promises are checked against the histories of the store and of a model of Meta.
"""
