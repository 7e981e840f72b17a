"""What is measured: agreement with the published systems, accuracy, speed.

`measurements` has a file a question, each `measure(setting) -> Measurement`; `subjects` has what
they measure, the engine and its peers; `measuring` calls one in a fresh process of its own
environment and notes seconds and memory. `run` lists them. `docs/benchmarks.md` says what came
out.
"""
