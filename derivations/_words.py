"""Matrix algebra with symbolic sizes: polynomials in non-commuting letters, rewriting rules, and the trace.

A derivation declares its letters with their shapes (``W: m x d``) and the relations that its assumptions give
(``O^T O O^T = O^T``).  Two expressions are equal when their difference rewrites to zero; a trace is brought to a
normal form under cyclic permutation and transposition.  Nothing here knows a number of rows or columns, so what
is proved holds for all sizes.
"""

from __future__ import annotations

from itertools import pairwise

import sympy as sp

__all__ = ["TRANSPOSED", "Words", "norm2", "tr"]

Word = tuple[sp.Symbol, ...]
TRANSPOSED = "ᵀ"


class tr(sp.Function):
    """Trace of a matrix expression; evaluated by Words, not by sympy."""

    is_commutative = True
    nargs = 1


class norm2(sp.Function):
    """Squared Frobenius norm of a matrix expression; evaluated by Words."""

    is_commutative = True
    nargs = 1


class Words:
    """The letters, rules and known traces of one derivation."""

    def __init__(self) -> None:
        self._shape: dict[sp.Symbol, tuple[str, str]] = {}
        self._transposed: dict[sp.Symbol, sp.Symbol] = {}
        self._rules: list[tuple[Word, sp.Expr]] = []
        self._traces: dict[Word, sp.Expr] = {}

    def copy(self) -> Words:
        """The same letters and rules, to which a case can add its own."""
        other = Words()
        other._shape, other._transposed = self._shape.copy(), self._transposed.copy()
        other._rules, other._traces = self._rules.copy(), self._traces.copy()
        return other

    def matrix(self, name: str, rows: str, columns: str) -> sp.Symbol:
        """A letter of the given shape; a size "1" makes it a vector."""
        letter = sp.Symbol(name, commutative=False)
        other = sp.Symbol(name + TRANSPOSED, commutative=False)
        self._shape[letter], self._shape[other] = (rows, columns), (columns, rows)
        self._transposed[letter], self._transposed[other] = other, letter
        return letter

    def symmetric(self, name: str, size: str) -> sp.Symbol:
        """A letter that equals its transpose."""
        letter = sp.Symbol(name, commutative=False)
        self._shape[letter] = (size, size)
        self._transposed[letter] = letter
        return letter

    def rule(self, word: sp.Expr, value: sp.Expr) -> None:
        """Assume ``word = value`` (and its transpose); a later rule for the same word replaces an earlier one."""
        ((_, letters),) = self._terms(word)
        self._rules = [x for x in self._rules if x[0] not in (letters, self._back(letters))]
        self._rules.append((letters, value))
        back = self._back(letters)
        if back != letters:
            self._rules.append((back, self.t(value)))

    def trace_value(self, word: sp.Expr, value: sp.Expr) -> None:
        """Assume ``tr(word) = value``."""
        ((_, letters),) = self._terms(word)
        self._traces[self._canonical(letters)] = value

    def t(self, expr: sp.Expr) -> sp.Expr:
        """Transpose."""
        if isinstance(expr, sp.Add):
            return sp.Add(*[self.t(x) for x in expr.args])
        if isinstance(expr, sp.Mul):
            return sp.Mul(*[self.t(x) for x in reversed(expr.args)])
        if isinstance(expr, sp.Pow):
            return sp.Pow(self.t(expr.base), expr.exp)
        if expr in self._transposed:
            return self._transposed[expr]
        if not expr.is_commutative:
            raise ValueError(f"{expr} is no letter of this derivation")
        return expr

    def equal(self, left: sp.Expr, right: sp.Expr) -> bool:
        """Whether left - right rewrites to zero."""
        difference = self.normal(self.evaluate(left) - self.evaluate(right))
        return all(sp.simplify(c) == 0 for c in self._collect(difference).values())

    def evaluate(self, expr: sp.Expr) -> sp.Expr:
        """Replace every tr(...) and norm2(...) by its normal form."""
        expr = sp.sympify(expr)
        expr = expr.replace(norm2, lambda x: tr(self.t(x) * x))
        return expr.replace(tr, lambda x: self._trace(x))

    def normal(self, expr: sp.Expr) -> sp.Expr:
        """Expand and apply the rules until none fits."""
        return sp.Add(*[c * self._word(letters) for c, letters in self._terms(expr)])

    # ------------------------------------------------------------------ machinery

    def _back(self, letters: Word) -> Word:
        return tuple(self._transposed[x] for x in reversed(letters))

    def _terms(self, expr: sp.Expr) -> list[tuple[sp.Expr, Word]]:
        terms = []
        for term in sp.Add.make_args(sp.expand(expr)):
            scalars, factors = term.args_cnc()
            letters: list[sp.Symbol] = []
            for factor in factors:
                base, power = factor.as_base_exp()
                letters += [base] * int(power)
            for left, right in pairwise(letters):
                if self._shape[left][1] != self._shape[right][0]:
                    raise ValueError(
                        f"the product {left} {right} does not fit: {self._shape[left]} {self._shape[right]}"
                    )
            terms.append((sp.Mul(*scalars), tuple(letters)))
        return terms

    def _collect(self, expr: sp.Expr) -> dict[Word, sp.Expr]:
        found: dict[Word, sp.Expr] = {}
        for c, letters in self._terms(expr):
            found[letters] = found.get(letters, sp.S.Zero) + c
        return found

    def _word(self, letters: Word) -> sp.Expr:
        rewritten = self._rewrite(letters)
        if rewritten is not None:
            return self.normal(rewritten)
        return self._pull_scalars(letters)

    def _rewrite(self, letters: Word) -> sp.Expr | None:
        for word, value in self._rules:
            size = len(word)
            for i in range(len(letters) - size + 1):
                if letters[i : i + size] == word:
                    return sp.Mul(*letters[:i]) * value * sp.Mul(*letters[i + size :])
        return None

    def _pull_scalars(self, letters: Word) -> sp.Expr:
        """Take the 1 x 1 pieces of a word (x^T A y) out as commuting numbers."""
        cuts = [i for i in range(len(letters)) if self._shape[letters[i]][0] == "1"]
        if letters and self._shape[letters[-1]][1] == "1":
            cuts.append(len(letters))
        scalar = sp.S.One
        for start, end in pairwise(cuts):
            scalar *= self._named("", letters[start:end])
        if len(cuts) > 1:
            letters = letters[: cuts[0]] + letters[cuts[-1] :]
        return scalar * sp.Mul(*letters)

    def _named(self, prefix: str, letters: Word) -> sp.Expr:
        back = self._back(letters)
        best = min(letters, back, key=lambda word: [x.name for x in word])
        return sp.Symbol(prefix + "(" + " ".join(x.name for x in best) + ")", real=True)

    def _rotations(self, letters: Word) -> list[Word]:
        back = self._back(letters)
        return [word[i:] + word[:i] for word in (letters, back) for i in range(len(word))]

    def _canonical(self, letters: Word) -> Word:
        return min(self._rotations(letters), key=lambda word: [x.name for x in word])

    def _trace(self, expr: sp.Expr) -> sp.Expr:
        total = sp.S.Zero
        for c, letters in self._terms(expr):
            if c == 0:
                continue
            if not letters:
                raise ValueError("the trace of a bare number needs a size: multiply by an identity letter")
            total += c * self._trace_word(letters)
        return total

    def _rest(self, letters: Word, word: Word) -> sp.Expr:
        if letters:
            return self._trace_word(letters)
        size = self._shape[word[0]][0]  # what is left is a multiple of the identity
        return sp.S.One if size == "1" else sp.Symbol(f"dim {size}", positive=True)

    def _trace_word(self, letters: Word) -> sp.Expr:
        for word in self._rotations(letters):
            rewritten = self._rewrite(word)
            if rewritten is not None:
                return sp.Add(*[c * self._rest(rest, word) for c, rest in self._terms(rewritten) if c != 0])
        best = self._canonical(letters)
        if best in self._traces:
            return self._traces[best]
        for word in self._rotations(letters):
            if self._shape[word[0]][0] == "1":
                return self._pull_scalars(word)
        return sp.Symbol("tr(" + " ".join(x.name for x in best) + ")", real=True)
