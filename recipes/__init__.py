"""How bases are compiled: data (TOML) and four steps, fetch, configure, compile, package.

Not imported by `src/boxer`: the two meet at one artifact, a folder with base.json, module.wasm and
tree.tar (see package.py).
"""
