"""RSRefSeg 2: SigLIP or CLIP localises, a cascaded prompter prompts, SAM 2 delineates."""

from engine.systems.registry import Adapters, System

SYSTEM = System(
    name="rsrefseg2",
    configurations={"compact": "config:compact", "large": "config:large"},
    load="checkpoint:load",
    second_expression="decoder",
    objectives={"compact": {"encoders": "training:encoders", "referring": "training:referring"}},
    adapters=Adapters(load="checkpoint:adapt", teach="training:adapter"),
)
