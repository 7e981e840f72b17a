"""Files that are written whole or not at all, and their errors as ours."""
