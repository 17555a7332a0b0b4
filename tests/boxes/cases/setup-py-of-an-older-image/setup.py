from setuptools import find_packages, setup

setup(name="lantern", version="0.3", packages=find_packages())
