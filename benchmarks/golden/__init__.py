"""Golden cases: numbers that an independent implementation must reproduce."""
