"""How a measurement is made: in a fresh process, with its seconds and its memory."""
