"""`python -m hub.cli`: the `hub` command where the script is not on the path."""

from hub.cli import main

main(prog_name="hub")
