"""The development commands: `python3 -m shared.dev <command>`, on bare Python at first."""
