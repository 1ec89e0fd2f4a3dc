"""Other systems' files, read as ours: a mapping says which column is which field."""
