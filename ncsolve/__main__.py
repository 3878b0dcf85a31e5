"""``python -m ncsolve``."""

from ncsolve.cli import main

if __name__ == "__main__":
    main()
