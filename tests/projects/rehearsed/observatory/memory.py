"""What a revision may leave behind for the next one in the same process."""

magnitude_type = None
