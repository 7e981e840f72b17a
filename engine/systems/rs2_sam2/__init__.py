"""RS2-SAM2: SAM 2 taught remote sensing and text by a union encoder (Rong et al.)."""

from engine.systems.registry import System

SYSTEM = System(
    name="rs2_sam2",
    configurations={"compact": "config:compact", "large": "config:large"},
    load="checkpoint:load",
    second_expression="whole model",
    objectives={
        "compact": {"encoders": "training:union_encoder", "referring": "training:referring"},
        "large": {"referring": "training:referring"},
    },
)
