from setuptools import setup
setup(name="foo", version="1", py_modules=["foo"])
