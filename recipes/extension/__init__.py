"""A program of its own that is laid into an SDK: see driver.py."""
