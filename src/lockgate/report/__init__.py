"""Results -> text and JSON. Shows what it is given, and decides nothing."""
