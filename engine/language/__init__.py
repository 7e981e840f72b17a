"""The words of an expression."""
