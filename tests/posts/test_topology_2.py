"""What the helper module of the post *Topology: functions* promises."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from .loading import load_module

finite: Any = load_module("topology_2", "finite")
Function = finite.Function
of = Function.of


@st.composite
def functions(draw: st.DrawFn, largest: int = 7) -> Any:
    """Draw a function between sets that may be larger than the post's, or empty."""
    n = draw(st.integers(0, largest))
    m = draw(st.integers(0, largest if n else 0))
    values = draw(st.lists(st.integers(0, max(n - 1, 0)), min_size=m, max_size=m))
    names = finite.RANGE_NAMES[:n]
    pairs = zip(finite.DOMAIN_NAMES[:m], [names[v] for v in values], strict=True)
    return Function(frozenset(pairs), frozenset(names))


def part(whole: frozenset[str]) -> st.SearchStrategy[frozenset[str]]:
    """Draw a subset."""
    return st.frozensets(st.sampled_from(sorted(whole))) if whole else st.just(frozenset())


repeatable = settings(derandomize=True, deadline=None, max_examples=60)


class TestRulesAndFunctions:
    def test_a_repeated_pair_is_one_pair(self) -> None:
        """A rule is a set, so listing a pair twice changes nothing."""
        assert finite.is_rule([("1", "a"), ("1", "a")])

    def test_two_values_at_one_point_are_not_a_rule(self) -> None:
        """The first coordinate may appear once only."""
        assert not finite.is_rule([("1", "a"), ("1", "b")])
        with pytest.raises(ValueError, match="first coordinate appears twice"):
            of("1a 1b", "ab")

    def test_the_range_must_contain_the_image_set(self) -> None:
        """The message names what is missing."""
        with pytest.raises(ValueError, match=r"\{b\} is missing"):
            of("1a 2b", "ac")

    def test_a_word_is_a_pair(self) -> None:
        """A misspelt pair is refused."""
        with pytest.raises(ValueError, match="two characters"):
            of("1a 2", "a")

    def test_the_range_is_part_of_the_function(self) -> None:
        """The same rule with another range is another function."""
        f = of("1a", "a")
        wider = f.with_range("ab")
        assert f.rule == wider.rule
        assert f != wider
        assert finite.is_surjective(f)
        assert not finite.is_surjective(wider)

    def test_restriction_keeps_values_and_range(self) -> None:
        """Only the domain shrinks."""
        assert of("1a 2b 3b", "abc").restrict("13") == of("1a 3b", "abc")
        with pytest.raises(ValueError, match="not a subset of the domain"):
            of("1a", "a").restrict("2")

    def test_there_is_no_value_outside_the_domain(self) -> None:
        """Evaluation there is an error, not a default."""
        with pytest.raises(KeyError):
            of("1a", "a")("2")


class TestComposites:
    def test_the_first_function_is_applied_first(self) -> None:
        """`compose(g, f)` is g after f."""
        assert finite.compose(of("at bu", "tu"), of("1b 2a", "ab")) == of("1u 2t", "tu")

    def test_the_range_must_equal_the_domain(self) -> None:
        """Containing the image set is not enough."""
        with pytest.raises(ValueError, match="composite not defined"):
            finite.compose(of("at", "t"), of("1a", "ab"))

    @repeatable
    @given(functions())
    def test_the_identity_changes_nothing(self, f: Any) -> None:
        """It does so on either side."""
        assert finite.compose(f, finite.identity(f.domain)) == f
        assert finite.compose(finite.identity(f.range), f) == f


class TestEnumerations:
    @pytest.mark.parametrize("n", range(6))
    def test_subsets(self, n: int) -> None:
        """There are 2^n distinct ones, and the small ones come first."""
        found = finite.subsets(frozenset(finite.DOMAIN_NAMES[:n]))
        assert len(set(found)) == len(found) == 2**n
        assert [len(s) for s in found] == sorted(len(s) for s in found)

    def test_families_come_in_one_order(self) -> None:
        """Sets are sorted by size and elements, not by inclusion, which orders only some."""
        sets = [frozenset(s) for s in ("b", "a", "ab", "")]
        assert finite.subsets(sets) == finite.subsets(sets[::-1])
        assert finite.show_family(sets) == "∅ {a} {b} {a, b}"

    def test_counts_of_functions(self) -> None:
        """n^m functions for every pair of sizes, the empty set included."""
        expected = sum(n**m for m in range(5) for n in range(5))
        found = list(finite.all_functions(4))
        assert len(set(found)) == len(found) == expected

    @pytest.mark.parametrize(
        ("m", "n", "injections", "surjections"),
        [(0, 0, 1, 1), (0, 2, 1, 0), (2, 3, 6, 0), (3, 2, 0, 6), (4, 3, 0, 36), (5, 5, 120, 120)],
    )
    def test_formulas(self, m: int, n: int, injections: int, surjections: int) -> None:
        """The closed formulas, at sizes counted by hand."""
        assert finite.injection_count(m, n) == injections
        assert finite.surjection_count(m, n) == surjections

    def test_composable_pairs(self) -> None:
        """The range of the first is the domain of the second."""
        pairs = list(finite.composable(2))
        assert len(pairs) == sum(n**m * p**n for m in range(3) for n in range(3) for p in range(3))
        assert all(f.range == g.domain for f, g in pairs)

    def test_cases_grow(self) -> None:
        """So the first counterexample is one with the fewest elements."""
        sizes = [len(f.domain) + len(f.range) for f, *_ in finite.cases(3, in_domain=1)]
        assert sizes == sorted(sizes)

    @pytest.mark.parametrize(("n", "count"), [(0, 1), (1, 1), (2, 4), (3, 29)])
    def test_topologies(self, n: int, count: int) -> None:
        """The known numbers of topologies on labelled points."""
        whole = frozenset(finite.DOMAIN_NAMES[:n])
        found = finite.topologies(whole)
        assert len(found) == count
        for family in found:
            assert {frozenset(), whole} <= family
            assert all(x | y in family and x & y in family for x, y in combinations(family, 2))

    def test_a_family_that_misses_an_intersection_is_no_topology(self) -> None:
        """The post's pushed-forward family fails in this way."""
        family = {frozenset(s) for s in ("", "ab", "ac", "abc")}
        assert not finite.is_topology(family, frozenset("abc"))
        assert finite.is_topology(family | {frozenset("a")}, frozenset("abc"))


class TestSearch:
    def test_a_law_without_exception(self) -> None:
        """Every case is counted, and none is returned."""
        result = finite.search(lambda f, x: True, finite.cases(2, in_domain=1))
        assert result == (sum(2**m * n**m for m in range(3) for n in range(3)), None)

    def test_the_smallest_counterexample(self) -> None:
        """Two points with one value, each of them in one of the two sets."""
        result = finite.search(
            lambda f, x, y: finite.image(f, x & y) == finite.image(f, x) & finite.image(f, y),
            finite.cases(3, in_domain=2),
        )
        assert result.counterexample == (of("1a 2a", "a"), frozenset("1"), frozenset("2"))
        assert finite.describe(result.counterexample) == "[1→a 2→a] into {a}, {1}, {2}"

    def test_nonempty_sets_only(self) -> None:
        """`smallest` keeps the empty function out."""
        law = finite.is_surjective
        assert finite.search(law, finite.cases(2)).counterexample == (of("", "a"),)
        assert finite.search(law, finite.cases(2, smallest=1)).counterexample == (of("1a", "ab"),)


class TestInverses:
    def test_the_empty_function_is_the_exception(self) -> None:
        """It is injective, and nothing maps back into the empty set."""
        empty = of("", "a")
        assert finite.is_injective(empty)
        assert finite.left_inverses(empty) == []

    @repeatable
    @given(functions(largest=4))
    def test_one_sided_inverses(self, f: Any) -> None:
        """Each undoes the function on its own side, and both exist only for a bijection."""
        lefts, rights = finite.left_inverses(f), finite.right_inverses(f)
        assert all(g(f(a)) == a for g in lefts for a in f.domain)
        assert all(f(h(b)) == b for h in rights for b in f.range)
        assert bool(rights) == finite.is_surjective(f)
        assert bool(lefts) == (finite.is_injective(f) and bool(f.domain or not f.range))
        if finite.is_bijective(f):
            assert lefts == rights == [finite.inverse(f)]

    def test_only_a_bijection_has_an_inverse_function(self) -> None:
        """An injection alone will not do."""
        with pytest.raises(ValueError, match="not bijective"):
            finite.inverse(of("1a", "ab"))


class TestImagesAndPreimages:
    """The laws on functions larger than the post can list."""

    @repeatable
    @given(st.data(), functions())
    def test_galois_connection(self, data: st.DataObject, f: Any) -> None:
        """f(X) ⊂ U if and only if X ⊂ f⁻¹(U)."""
        x, u = data.draw(part(f.domain)), data.draw(part(f.range))
        assert (finite.image(f, x) <= u) == (x <= finite.preimage(f, u))

    @repeatable
    @given(st.data(), functions())
    def test_preimages_preserve_every_operation(self, data: st.DataObject, f: Any) -> None:
        """Unions, intersections and differences."""
        u, v = data.draw(part(f.range)), data.draw(part(f.range))
        pu, pv = finite.preimage(f, u), finite.preimage(f, v)
        assert finite.preimage(f, u | v) == pu | pv
        assert finite.preimage(f, u & v) == pu & pv
        assert finite.preimage(f, u - v) == pu - pv

    @repeatable
    @given(st.data(), functions())
    def test_images_preserve_unions(self, data: st.DataObject, f: Any) -> None:
        """Of the other operations only an inclusion is left, unless f is injective."""
        x, y = data.draw(part(f.domain)), data.draw(part(f.domain))
        fx, fy = finite.image(f, x), finite.image(f, y)
        assert finite.image(f, x | y) == fx | fy
        assert finite.image(f, x & y) <= fx & fy
        assert finite.image(f, x - y) >= fx - fy
        if finite.is_injective(f):
            assert finite.image(f, x & y) == fx & fy
            assert finite.image(f, x - y) == fx - fy

    def test_the_empty_family(self) -> None:
        """Its union is empty, and its intersection is the whole set."""
        whole = frozenset("ab")
        assert finite.union([]) == frozenset()
        assert finite.intersection([], whole) == whole
        assert finite.intersection([frozenset("a"), whole], whole) == frozenset("a")


class TestDrawing:
    def test_every_element_and_label_is_drawn_once(self) -> None:
        """A region is labelled once even when its members are not neighbours."""
        ax = Figure().subplots()
        split = finite.Region(frozenset("13"), "$X$", finite.BLUE)
        finite.draw(ax, of("1a 2b 3a", "abc"), in_domain=[split], title="f")
        written = [text.get_text() for text in ax.texts]
        assert sorted(written) == sorted(["$A$", "$B$", "1", "2", "3", "a", "b", "c", "$X$"])

    def test_nested_regions_are_labelled_apart(self) -> None:
        """The label of the outer region stands beside what the inner one leaves bare."""
        ax = Figure().subplots()
        outer = finite.Region(frozenset("123"), "outer", finite.ORANGE)
        inner = finite.Region(frozenset("23"), "inner", finite.BLUE)
        finite.draw(ax, of("1a 2a 3a", "a"), in_domain=[outer, inner])
        height = {text.get_text(): text.get_position()[1] for text in ax.texts}
        assert height["outer"] > height["inner"]

    def test_empty_sets_and_empty_regions(self) -> None:
        """Nothing to draw is not an error."""
        ax = Figure().subplots()
        nothing = finite.Region(frozenset(), "$X$", finite.BLUE)
        finite.draw(ax, of("", ""), in_domain=[nothing])
        assert [text.get_text() for text in ax.texts] == ["$A$", "$B$"]
