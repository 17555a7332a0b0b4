#!/bin/sh
echo starting
exec python m.py
