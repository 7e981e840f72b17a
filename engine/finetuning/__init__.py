"""Fine-tuning as a dialog asks for it: presets, what they cost here, and jobs that survive.

A `plan.Planner` takes a few steps of the very loop and throws them away. From a `cost.Cost`
(seconds and bytes of a batch and of a view) and a preset comes a `plan.Plan`, and from that a
`TrainingConfig`. A `job.Job` is a folder and the truth: `train.toml` is the run, the checkpoint
says how far it is, `job.json` says it to people. A lock keeps a second process away and goes with
its owner. A job that was killed after its model appeared finds it again by the bytes of the
adapter.
"""
