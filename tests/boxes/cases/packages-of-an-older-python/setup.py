from distutils.version import LooseVersion

from setuptools import setup

setup(name="report", version=str(LooseVersion("1.4")))
