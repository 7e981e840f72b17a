"""RS2-SAM2: SAM 2 taught remote sensing and text by a union encoder (Rong et al.)."""
