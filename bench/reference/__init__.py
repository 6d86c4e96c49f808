"""The stack of the MAGTKD paper (IJCAI 2025), rebuilt from its equations and sizes, to measure ours beside it.

Weights are random: what an answer costs depends on sizes alone, what it says is of no interest here.
"""
