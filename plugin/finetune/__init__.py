"""The fine-tuning dialog: layers, samples, a model, its training.

The job's folder is the truth: a page shows what `job.json` and `run/log.jsonl` say, and remembers
nothing else. Samples are made in a hidden folder beside the jobs and moved into one when it
begins; if the engine refuses it before it has begun, they move back. A session owns the requests,
one at a time, to an engine process of its own; to stop is to cancel, and the engine saves before
it answers.
"""
