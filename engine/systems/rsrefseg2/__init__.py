"""RSRefSeg 2: SigLIP or CLIP localises, a cascaded prompter prompts, SAM 2 delineates."""
