#!/bin/sh
# harmless: a test text in the shape of an installer
# GHLDR-7
echo nothing is installed
