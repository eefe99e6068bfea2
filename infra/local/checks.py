"""How checks are run: each is a line that claims something, and whether it holds."""


def check(*groups):
    """Goes through groups of claims, prints each, and returns whether all hold."""
    outcomes = [report(*claim) for claims in groups for claim in claims]
    passed = sum(outcomes)
    print(f"\n{passed} passed, {len(outcomes) - passed} failed", flush=True)
    return all(outcomes)


def report(name, holds):
    """Prints one outcome and returns it."""
    print(f"{'ok    ' if holds else 'FAILED'} {name}", flush=True)
    return holds
