"""What is done to a module once it is linked, in the recipes and in an SDK of extensions."""
