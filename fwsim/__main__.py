"""`python -m fwsim`: the same as the command `fwsim`."""

from fwsim.cli import main

if __name__ == "__main__":
    main()
