"""The sensors: the inbox, the revision loop, the reaper of orphaned runs."""
