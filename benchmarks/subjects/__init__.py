"""What is measured: the engine and its peers, each called in a process of its own."""
