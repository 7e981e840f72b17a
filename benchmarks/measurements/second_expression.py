"""A second expression about the same view, beside the first."""

from __future__ import annotations

from benchmarks.measuring.measurement import Measurement, Row, Setting

PEER = "samgeo encodes the image anew for every prompt"


def measure(setting: Setting) -> Measurement:
    """Seconds of the second over seconds of the first, of the model and of a whole request."""
    times = 1 if setting.quick else 20
    found = setting.engine("benchmarks.second_expression", "seconds", times=times)
    rows = tuple(
        Row(
            f"Second expression on one 512 x 512 view / first, {name}",
            f"{found[name][1]:.3f} s / {found[name][0]:.3f} s = "
            f"{found[name][1] / found[name][0]:.2f}",
            PEER,
        )
        for name in ("model", "request")
    )
    return Measurement(rows, found)
