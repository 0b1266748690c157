"""Screens that are drawn again and again: what stands on them, where it is painted, and the keys pressed at them."""
