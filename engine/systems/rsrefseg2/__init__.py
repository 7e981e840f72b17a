"""RSRefSeg 2: SigLIP or CLIP localises, a cascaded second-order prompter prompts, SAM 2 delineates."""
