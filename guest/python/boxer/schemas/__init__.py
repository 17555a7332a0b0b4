"""Types as JSON Schema 2020-12. The modules beside this are those of Boxer itself, in
src/boxer/schemas, put here when a base is laid out (recipes/layout.py)."""
