"""The pipeline from a Dockerfile to a box; the only room that knows its order."""
