"""Speed by measurement: each figure beside its floor from the same run."""
