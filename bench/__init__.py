"""Figures of the README, measured again by `python -m bench` (or `make bench`)."""
