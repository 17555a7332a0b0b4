#!/usr/bin/env python3
import sys
print("hi from script", sys.argv)
