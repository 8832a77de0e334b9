"""What the modules of the post *Topology: sets* promise."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from .loading import load_module

quantifiers: Any = load_module("topology_1", "quantifiers")
venn: Any = load_module("topology_1", "venn")
hasse: Any = load_module("topology_1", "hasse")

ForAll, Exists = quantifiers.ForAll, quantifiers.Exists
Predicate, Not = quantifiers.Predicate, quantifiers.Not
And, Or, Implies = quantifiers.And, quantifiers.Or, quantifiers.Implies
holds, negation = quantifiers.holds, quantifiers.negation

VARIABLES = "xyz"
RELATED = Predicate("x R y", lambda R, x, y: (x, y) in R)
SMALLER = Predicate("x < y", lambda x, y: x < y)

repeatable = settings(derandomize=True, deadline=None, max_examples=80)


def predicate(i: int, j: int) -> Any:
    """A predicate that reads two variables and a table of truth values."""
    a, b = VARIABLES[i], VARIABLES[j]
    tests: dict[tuple[str, str], Callable[..., Any]] = {
        ("x", "x"): lambda T, x: T[x, x],
        ("x", "y"): lambda T, x, y: T[x, y],
        ("x", "z"): lambda T, x, z: T[x, z],
        ("y", "x"): lambda T, y, x: T[y, x],
        ("y", "y"): lambda T, y: T[y, y],
        ("y", "z"): lambda T, y, z: T[y, z],
        ("z", "x"): lambda T, z, x: T[z, x],
        ("z", "y"): lambda T, z, y: T[z, y],
        ("z", "z"): lambda T, z: T[z, z],
    }
    return Predicate(f"T({a}, {b})", tests[a, b])


ATOMS = st.builds(predicate, st.integers(0, 2), st.integers(0, 2))
VARIABLE = st.sampled_from(VARIABLES)
STATEMENTS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, inner, inner),
        st.builds(Or, inner, inner),
        st.builds(Implies, inner, inner),
        st.builds(ForAll, VARIABLE, st.just("S"), inner),
        st.builds(Exists, VARIABLE, st.just("S"), inner),
    ),
    max_leaves=6,
)
"""Statements in which a variable may be bound twice, or not at all."""


def truth(statement: Any, table: Any) -> Any:
    """The same truth by another way: an array with an axis for each variable."""
    n = len(table)
    match statement:
        case quantifiers.Predicate(text, _):
            index = np.indices((n, n, n))
            i, j = VARIABLES.index(text[2]), VARIABLES.index(text[5])
            return table[index[i], index[j]]
        case quantifiers.Not(inner):
            return ~truth(inner, table)
        case quantifiers.And(left, right):
            return truth(left, table) & truth(right, table)
        case quantifiers.Or(left, right):
            return truth(left, table) | truth(right, table)
        case quantifiers.Implies(left, right):
            return ~truth(left, table) | truth(right, table)
        case quantifiers.ForAll(variable, _, body):
            inner = truth(body, table).all(axis=VARIABLES.index(variable), keepdims=True)
        case quantifiers.Exists(variable, _, body):
            inner = truth(body, table).any(axis=VARIABLES.index(variable), keepdims=True)
    return np.broadcast_to(inner, (n, n, n))


@st.composite
def tables(draw: st.DrawFn) -> Any:
    """Truth values for the pairs of one to three things."""
    n = draw(st.integers(1, 3))
    return np.array(draw(st.lists(st.booleans(), min_size=n * n, max_size=n * n))).reshape(n, n)


class TestStatements:
    @repeatable
    @given(STATEMENTS, tables())
    def test_truth(self, statement: Any, table: Any) -> None:
        """`holds` agrees with arrays, for every value of the free variables."""
        expected = truth(statement, table)
        for x, y, z in product(range(len(table)), repeat=3):
            found = holds(statement, x=x, y=y, z=z, T=table, S=range(len(table)))
            assert found == expected[x, y, z]

    @repeatable
    @given(STATEMENTS, tables())
    def test_a_negation_is_true_exactly_if_the_statement_is_false(
        self, statement: Any, table: Any
    ) -> None:
        """Wherever the "not" ends up."""
        assert (truth(negation(statement), table) == ~truth(statement, table)).all()

    @repeatable
    @given(STATEMENTS, STATEMENTS, tables())
    def test_a_contrapositive_says_the_same(self, left: Any, right: Any, table: Any) -> None:
        """And the converse exchanges the two sides only."""
        claim = Implies(left, right)
        same = truth(quantifiers.contrapositive(claim), table)
        assert (same == truth(claim, table)).all()
        assert quantifiers.converse(claim) == Implies(right, left)

    def test_not_moves_inwards(self) -> None:
        """Through quantifiers and connectives, up to a predicate; two of them cancel."""
        statement = ForAll("x", "A", Exists("y", "B", And(SMALLER, Not(RELATED))))
        turned = Exists("x", "A", ForAll("y", "B", Or(Not(SMALLER), RELATED)))
        assert negation(statement) == turned
        assert negation(turned) == statement

    @pytest.mark.parametrize("n", [1, 2, 3])
    def test_counts_of_relations(self, n: int) -> None:
        """(2^n - 1)^n relations have no empty row, and the rest as many as have a full column."""
        S = range(n)
        pairs = list(product(S, S))
        relations = [frozenset(c) for size in range(n * n + 1) for c in combinations(pairs, size)]
        each = ForAll("x", "S", Exists("y", "S", RELATED))
        one = Exists("y", "S", ForAll("x", "S", RELATED))
        assert sum(holds(each, S=S, R=R) for R in relations) == (2**n - 1) ** n
        assert sum(holds(one, S=S, R=R) for R in relations) == 2 ** (n * n) - (2**n - 1) ** n

    def test_over_nothing(self) -> None:
        """For all is true, there is is false, whatever is said."""
        for statement in (SMALLER, Not(SMALLER)):
            assert holds(ForAll("x", "A", statement), A=[], y=0)
            assert not holds(Exists("x", "A", statement), A=[], y=0)

    def test_a_variable_can_be_a_domain(self) -> None:
        """A set that a quantifier names can be gone through by the next."""
        nonempty = Exists("x", "A", Predicate("x = x", lambda x: x == x))
        statement = ForAll("A", "sets", nonempty)
        assert holds(statement, sets=[{1}, {1, 2}])
        assert quantifiers.counterexample(statement, sets=[{1}, set()]) == {"A": set()}


class TestChoices:
    @repeatable
    @given(STATEMENTS, tables())
    def test_a_counterexample_refutes(self, statement: Any, table: Any) -> None:
        """With its values in their places what is left of the statement is false."""
        values = {"x": 0, "y": 0, "z": 0, "T": table, "S": range(len(table))}
        found = quantifiers.counterexample(statement, **values)
        assert (found is None) == holds(statement, **values)
        if found is not None:
            while isinstance(statement, ForAll):
                statement = statement.body
            assert not holds(statement, **{**values, **found})

    def test_the_first_one_in_the_given_order(self) -> None:
        """Domains are gone through as they are given."""
        statement = ForAll("x", "A", ForAll("y", "A", SMALLER))
        assert quantifiers.counterexample(statement, A=[2, 1]) == {"x": 2, "y": 2}

    def test_a_witness(self) -> None:
        """Values for the leading "there is", or none."""
        statement = Exists("x", "A", Exists("y", "A", SMALLER))
        assert quantifiers.witness(statement, A=[1, 2]) == {"x": 1, "y": 2}
        assert quantifiers.witness(statement, A=[1]) is None

    def test_without_leading_quantifiers(self) -> None:
        """A false statement has the empty choice."""
        assert quantifiers.counterexample(SMALLER, x=2, y=1) == {}
        assert quantifiers.counterexample(SMALLER, x=1, y=2) is None


class TestWriting:
    @pytest.mark.parametrize(
        ("statement", "text"),
        [
            (ForAll("x", "A", Exists("y", "B", SMALLER)), "∀x ∈ A ∃y ∈ B: x < y"),
            (Not(ForAll("x", "A", SMALLER)), "¬(∀x ∈ A: x < y)"),
            (Implies(And(SMALLER, RELATED), Not(RELATED)), "(x < y ∧ x R y) ⇒ ¬(x R y)"),
            (Or(SMALLER, Exists("x", "A", RELATED)), "x < y ∨ (∃x ∈ A: x R y)"),
        ],
    )
    def test_symbols(self, statement: Any, text: str) -> None:
        """Brackets stand where the reader could take it otherwise."""
        assert quantifiers.written(statement) == text


class TestMistakes:
    def test_a_name_without_meaning(self) -> None:
        """The message names it, the statement, and what is known."""
        with pytest.raises(ValueError, match=r"what is y in “x < y”\? Known here: A, x"):
            holds(ForAll("x", "A", SMALLER), A=[1])
        with pytest.raises(ValueError, match=r"what is A in .* Known here: nothing"):
            holds(ForAll("x", "A", SMALLER))

    @pytest.mark.parametrize("domain", [3, iter([1, 2])])
    def test_what_is_no_set(self, domain: Any) -> None:
        """An iterator is refused: the second time it would be empty, and everything true."""
        with pytest.raises(TypeError, match=r"A in “∀x ∈ A: x < y” is .*, not a set"):
            holds(ForAll("x", "A", SMALLER), A=domain, y=1)


EXPRESSIONS: list[Callable[[Any, Any, Any], Any]] = [
    lambda A, B, C: A | B,
    lambda A, B, C: A & (B | C),
    lambda A, B, C: A - (B - C),
    lambda A, B, C: (A - B) | (B - C) | (C - A),
]


class TestVenn:
    @pytest.mark.parametrize("count", [1, 2, 3])
    def test_every_combination_has_a_region(self, count: int) -> None:
        """Inside and outside of each circle, in all 2^n ways: else a diagram would be no proof."""
        x, y = np.meshgrid(np.linspace(-2, 2, 81), np.linspace(-2, 2, 81))
        inside = np.stack([c.depth > 0 for c in venn.circles(count, x, y)], axis=-1)
        assert len(np.unique(inside.reshape(-1, count), axis=0)) == 2**count

    @pytest.mark.parametrize("expression", EXPRESSIONS)
    def test_a_region_is_what_the_expression_is_of_sets(self, expression: Any) -> None:
        """A point is shaded if the expression, of the sets it is in, contains it."""
        x, y = np.random.default_rng(0).uniform(-1.7, 1.7, (2, 400))
        sets = venn.circles(3, x, y)
        members = [{i for i in range(400) if s.depth[i] > 0} for s in sets]
        assert set(np.flatnonzero(expression(*sets).depth > 0)) == expression(*members)

    def test_names_come_from_the_expression(self) -> None:
        """Each circle is drawn and named once."""
        axes = Figure().subplots()
        venn.draw(axes, lambda P, Q: P - Q, title="$P-Q$")
        assert [text.get_text() for text in axes.texts] == ["$P$", "$Q$"]
        assert len(axes.patches) == 2

    def test_four_circles(self) -> None:
        """Cannot show everything, and are refused."""
        with pytest.raises(ValueError, match="not of 4"):
            venn.draw(Figure().subplots(), lambda A, B, C, D: A | B | C | D)


class TestHasse:
    @pytest.mark.parametrize("n", range(5))
    def test_a_complement_stands_opposite(self, n: int) -> None:
        """Taking complements is a half-turn about the origin."""
        whole = frozenset(range(n))
        stands = hasse.places(whole)
        assert len(stands) == len(set(stands.values())) == 2**n
        assert all(stands[whole - s] == (-x, -y) for s, (x, y) in stands.items())

    @pytest.mark.parametrize("n", range(5))
    def test_lines(self, n: int) -> None:
        """n 2^(n-1) of them, and by them each set reaches exactly the sets that contain it."""
        stands = hasse.places(range(n))
        lines = hasse.covers(stands)
        assert len(lines) == n * 2**n // 2
        above = {s: {s} for s in stands}
        for low, high in sorted(lines, key=lambda line: -len(line[0])):
            above[low] |= above[high]
        assert all(above[s] == {t for t in stands if s <= t} for s in stands)

    def test_drawing(self) -> None:
        """Each set is written once, with its name, and marked ones have a thick rim."""
        axes = Figure().subplots()
        one = frozenset([1])
        hasse.draw(axes, [1, 2], {one: "#0072B2"}, {one: "$P$"})
        texts: dict[str, Any] = {text.get_text(): text for text in axes.texts}
        assert set(texts) == {"∅", "{1}", "{2}", "{1, 2}", "$P$"}
        assert len(axes.texts) == 5
        rims = {name: t.get_bbox_patch().get_linewidth() for name, t in texts.items()}
        assert rims["{1}"] > rims["{2}"]
        assert len(axes.lines) == 4
