"""The graph of this page's examples."""

EDGES = (("a", "b"), ("b", "c"))


def degrees():
    """How many edges each node has."""
    return {node: sum(node in edge for edge in EDGES) for node in "abc"}
