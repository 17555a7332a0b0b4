from setuptools import Extension, setup
setup(name="spin", version="1", ext_modules=[Extension("spin", ["spin.c"])])
