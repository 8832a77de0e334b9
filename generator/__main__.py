"""`python -m generator` is `inkcell`."""

from .cli import main

if __name__ == "__main__":
    main(prog_name="inkcell")
