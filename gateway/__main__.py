"""`python -m gateway` is the command `vanthu`."""

from gateway.cli import main

if __name__ == "__main__":
    main()
