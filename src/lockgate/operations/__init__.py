"""Online operations, one file each; their steps forward and back."""
