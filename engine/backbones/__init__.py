"""Thin wrappers on libraries' networks, in the shapes the systems need."""
