"""Values and decisions. Opens nothing, prints nothing."""
