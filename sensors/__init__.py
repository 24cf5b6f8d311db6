"""What starts runs by itself: the inbox, the revision loop, the reaper of orphaned runs."""
