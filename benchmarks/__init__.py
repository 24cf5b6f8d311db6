"""Measurements that anyone can repeat; each prints its reference from the same run, as machines are noisy."""
