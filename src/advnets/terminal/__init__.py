"""What the commands of cli.py share: words read, runs loaded, answers printed, results put where they were asked for.

The modules stand apart so that a command imports no more than it needs: `advnets --help` does not wait for PyTorch.
"""
