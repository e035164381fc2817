"""`python -m pixelguide` is the command line."""

from pixelguide.cli import main

if __name__ == "__main__":
    main()
