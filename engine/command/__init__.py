"""The engine as a command line: `python -m engine`, a file for every subcommand."""
