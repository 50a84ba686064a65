"""The example captures, and the scripts they are built from (`python pcaps/build.py`)."""
