"""Statements with quantifiers, as values: decided, negated, refuted, written down.

A statement is built from predicates by the connectives and by "for all x in A", "there is an x in
A". It says nothing yet about what A is. That is told when it is decided, by name, and so the same
statement can be true of some sets and false of others:

    divides = Predicate("x | y", lambda x, y: y % x == 0)
    statement = ForAll("y", "B", Exists("x", "A", divides))
    holds(statement, A={2, 3}, B={4, 9})

Domains are finite and are gone through element by element, in the order in which they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from typing import TypeAlias


@dataclass(frozen=True)
class Predicate:
    """A statement about the values of some names, such as ``x < y``."""

    text: str
    """How it is written."""

    test: Callable[..., bool]
    """Whether it is true; its parameters are the names that it is about."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters."""
        return tuple(signature(self.test).parameters)


@dataclass(frozen=True)
class Not:
    """The statement is false."""

    statement: Statement


@dataclass(frozen=True)
class And:
    """Both statements are true."""

    left: Statement
    right: Statement


@dataclass(frozen=True)
class Or:
    """At least one of the statements is true."""

    left: Statement
    right: Statement


@dataclass(frozen=True)
class Implies:
    """If the hypothesis is true, so is the conclusion."""

    hypothesis: Statement
    conclusion: Statement


@dataclass(frozen=True)
class ForAll:
    """The body is true for every element of the domain."""

    variable: str
    domain: str
    body: Statement


@dataclass(frozen=True)
class Exists:
    """The body is true for at least one element of the domain."""

    variable: str
    domain: str
    body: Statement


Statement: TypeAlias = Predicate | Not | And | Or | Implies | ForAll | Exists


def holds(statement: Statement, /, **values: object) -> bool:
    """Whether the statement is true if its names mean these values.

    Raises `ValueError` if a name means nothing, `TypeError` if a domain cannot be gone through.
    """
    match statement:
        case Predicate(_, test):
            return bool(test(*[_value(name, statement, values) for name in statement.names]))
        case Not(inner):
            return not holds(inner, **values)
        case And(left, right):
            return holds(left, **values) and holds(right, **values)
        case Or(left, right):
            return holds(left, **values) or holds(right, **values)
        case Implies(hypothesis, conclusion):
            return not holds(hypothesis, **values) or holds(conclusion, **values)
        case ForAll(variable, _, body):
            elements = _elements(statement, values)
            return all(holds(body, **{**values, variable: x}) for x in elements)
        case Exists(variable, _, body):
            elements = _elements(statement, values)
            return any(holds(body, **{**values, variable: x}) for x in elements)


def negation(statement: Statement) -> Statement:
    """Return a statement that is true exactly if this one is false.

    The "not" moves inwards, turning each quantifier, "and" and "or" on its way, until it stands
    before a predicate or meets another "not", which it cancels.
    """
    match statement:
        case Predicate():
            return Not(statement)
        case Not(inner):
            return inner
        case And(left, right):
            return Or(negation(left), negation(right))
        case Or(left, right):
            return And(negation(left), negation(right))
        case Implies(hypothesis, conclusion):
            return And(hypothesis, negation(conclusion))
        case ForAll(variable, domain, body):
            return Exists(variable, domain, negation(body))
        case Exists(variable, domain, body):
            return ForAll(variable, domain, negation(body))


def converse(statement: Implies) -> Implies:
    """Exchange hypothesis and conclusion: a different statement."""
    return Implies(statement.conclusion, statement.hypothesis)


def contrapositive(statement: Implies) -> Implies:
    """Exchange and negate hypothesis and conclusion: the same statement in other words."""
    return Implies(negation(statement.conclusion), negation(statement.hypothesis))


def counterexample(statement: Statement, /, **values: object) -> dict[str, object] | None:
    """Choose values for the leading "for all" that make the statement false; None if it is true.

    A false statement that does not begin with "for all" has the empty choice, ``{}``.
    Raises as `holds` does.
    """
    if not isinstance(statement, ForAll):
        return None if holds(statement, **values) else {}
    for x in _elements(statement, values):
        rest = counterexample(statement.body, **{**values, statement.variable: x})
        if rest is not None:
            # A variable bound again further in has the value of that place.
            return {statement.variable: x, **rest}
    return None


def witness(statement: Statement, /, **values: object) -> dict[str, object] | None:
    """Choose values for the leading "there is" that make the statement true; None if it is false.

    Which is to refute its negation.
    """
    return counterexample(negation(statement), **values)


def written(statement: Statement) -> str:
    """Write a statement in symbols, as in ``∀x ∈ A ∃y ∈ B: x < y``."""
    match statement:
        case Predicate(text, _):
            return text
        case Not(inner):
            return f"¬({written(inner)})"
        case And(left, right):
            return f"{_bracketed(left)} ∧ {_bracketed(right)}"
        case Or(left, right):
            return f"{_bracketed(left)} ∨ {_bracketed(right)}"
        case Implies(hypothesis, conclusion):
            return f"{_bracketed(hypothesis)} ⇒ {_bracketed(conclusion)}"
        case ForAll(variable, domain, body) | Exists(variable, domain, body):
            sign = "∀" if isinstance(statement, ForAll) else "∃"
            gap = " " if isinstance(body, ForAll | Exists) else ": "
            return f"{sign}{variable} ∈ {domain}{gap}{written(body)}"


def _bracketed(statement: Statement) -> str:
    alone = isinstance(statement, Predicate | Not)
    return written(statement) if alone else f"({written(statement)})"


def _value(name: str, where: Statement, values: Mapping[str, object]) -> object:
    if name not in values:
        known = ", ".join(sorted(values)) or "nothing"
        raise ValueError(f"what is {name} in “{written(where)}”? Known here: {known}")
    return values[name]


def _elements(statement: ForAll | Exists, values: Mapping[str, object]) -> Collection[object]:
    domain = _value(statement.domain, statement, values)
    # Not any iterable: an iterator is empty when it is gone through a second time.
    if not isinstance(domain, Collection):
        raise TypeError(f"{statement.domain} in “{written(statement)}” is {domain!r}, not a set")
    return domain
