r"""The posts that `sites.py` measures with: the same ones every time, and no two alike.

Each is a post on mathematics as people write them: about 6 kB of prose, in Korean and in English by
turns, with 40 formulas in running text, 15 displayed ones, two blocks of code that is shown and
does not run, headings, a list, one of five categories and a few of forty tags. Half of the formulas
in running text are those that every post has, `$x$`, `$n$`, `$\mathbb{R}$`; nearly all others have
letters and numbers of their own: of 55,000 formulas in a thousand posts 32,000 are distinct. A post
depends on its number alone, so that ten thousand begin with the same thousand.

Nothing in them means something else to one of the tools: no `{{` or `{%` (Liquid, Nunjucks), and
outside of code no `|` (kramdown takes it for a table) and no dollar sign but those of formulas.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

SEED = 20220708
FIRST_DAY = date(2016, 1, 1)
DAYS = 3650
INLINE, DISPLAYED = 40, 15
"""Formulas of a post."""
OF_EVERY_POST = 21
"""Those among INLINE that stand in other posts as well."""
PARAGRAPH = 300
"""Bytes of prose, without formulas, from which on a paragraph gets no more sentences."""

CATEGORIES = ("algebra", "analysis", "probability", "learning", "notes")
TAGS = tuple(
    """attention bayes bounds categories clustering combinatorics compactness convexity cuts
    diffusion duality eigenvalues entropy estimation fourier functions gradients graphs groups
    inequalities information integrals kernels lattices limits manifolds markov matrices measures
    metrics networks norms optimisation polynomials sampling segmentation sets spectra topology
    variance""".split()
)
WORDS = {
    "ko": ("평범한", "작은", "고전적인", "유쾌한"),
    "en": ("plain", "small", "pleasant", "useful"),
}


# --- formulas ---------------------------------------------------------------------------------

COMMON = tuple(
    r"""x; n; y; k; A; f; G; X; i; t; V; \lambda; \mathbb{R}; p; \varepsilon; B; S; m; \mu; \theta;
    \sigma; E; \alpha; \mathbb{R}^n; f(x); x_i; \delta; L; \Omega; w; u; \mathbb{N}; \lambda_1;
    \lambda_2; x_0; O(n); X_n; n + 1; n - 1; 2^n; \mathbb{C}; \pi; \nabla f; \mathbb{E}[X]; P(A);
    \hat{\theta}; x_1; y_i; \lVert x \rVert; A^\top; A^{-1}; x \in A; A \subset B; f\colon X \to Y;
    n \to \infty; \varepsilon > 0; O(n \log n); f^{-1}; \sigma^2; \ell^2; \mathcal{F}; L^2; w_{ij};
    D^{-1/2}; \log n; \varnothing; G = (V, E); x^2; \mathbb{Z}; k = 1""".replace(
        "\n    ", " "
    ).split("; ")
)
"""Those that every post has, the more frequent ones first."""

VARIED = (
    r"@v_{@n}",
    r"@v_{@n} \in \mathbb{R}^{@n}",
    r"@V_{@n} \subset @W",
    r"@g_{@n} = @n",
    r"@v^{@m} + @n @w",
    r"\lVert @V @v \rVert_{@m}",
    r"\frac{@n}{@n}",
    r"@f(@v) = @n @v^{@m} - @n",
    r"\sqrt{@n @v + @n}",
    r"\operatorname{rank} @V = @n",
    r"@v \equiv @n \pmod{@n}",
    r"\hat{@v}_{@n}^{(@m)}",
    r"@n \le @v \le @n",
    r"\mathbb{E}[@X_{@n}] = @g",
    r"P(@X \ge @n) \le \frac{1}{@n}",
    r"\langle @v_{@n}, @w \rangle = 0",
    r"(@v_1, \dots, @v_{@n})",
    r"@V \cap @W_{@n} = \varnothing",
    r"@g \approx 0.@n",
    r"\mathcal{@V}_{@n}",
    r"O(@v^{@m} \log @w)",
    r"\tilde{@V}_{@n} = @W @V",
)

DISPLAY = (
    r"\sum_{@i=1}^{@n} @v_@i^{@m} = \frac{@n(@w + 1)(2@w + @n)}{@n}",
    r"\int_{@n}^{\infty} @v^{@m} e^{-@n @v}\, d@v = \frac{\Gamma(@m + 1)}{@n^{@m + 1}}",
    r"\lim_{@v \to @n} \frac{@f(@v) - @f(@n)}{@v - @n} = @f'(@n)",
    r"\frac{1}{2\pi} \int_{-\pi}^{\pi} \left\lvert @f(@g) \right\rvert^{@m} d@g \le @n",
    r"\min_{@v \in \mathbb{R}^{@n}} \frac{1}{2} \lVert @V @v - @w \rVert^2 + @n \lVert @v \rVert_1",
    r"@f(@v) = \sum_{@i=0}^{\infty} \frac{@f^{(@i)}(@n)}{@i!} (@v - @n)^@i",
    r"\operatorname{cut}(@V, @W) = \sum_{u \in @V,\, v \in @W} w(u, v) \ge @n",
    r"\Pr\left[\lvert @X - @n \rvert \ge @n @g\right] \le \frac{1}{@n^{@m}}",
    r"\prod_{@i=1}^{@n} \left(1 + \frac{@g}{@i^{@m}}\right) \le \exp\left(\frac{@n @g}{@n}\right)",
    r"\oint_{\partial @V} @f(@v)\, d@v = 2\pi i \sum_{@i=1}^{@n} \operatorname{Res}(@f, @w_@i)",
    r"""\begin{aligned}
@f(@v) &= @n @v^{@m} - @n @v + @n \\
@f'(@v) &= @n @v^{@m} - @n
\end{aligned}""",
    r"""\begin{aligned}
\mathbb{E}[@X_{@n}] &= \sum_{@i=1}^{@n} @i \Pr[@X = @i] \\
&= \frac{@n}{@n} + \int_0^{@n} \Pr[@X > @v]\, d@v \\
&\le @n @g
\end{aligned}""",
    r"""@f(@v) = \begin{cases}
@n @v^{@m} & \text{if } @v \ge @n, \\
@n - @v & \text{otherwise}
\end{cases}""",
    r"""@g_{@n} = \begin{cases}
1 & @v \in @V \\
-\frac{@n}{@n} & @v \in @W \\
0 & @v \notin @V \cup @W
\end{cases}""",
    r"""@V = \begin{pmatrix}
@n & @n & @v \\
@n & @w & @n \\
0 & @n & @n
\end{pmatrix}""",
    r"""@V_{@n} @v = \begin{bmatrix}
@n & -@m \\
@m & @n
\end{bmatrix} \begin{bmatrix} @v_1 \\ @v_2 \end{bmatrix}
= @g \begin{bmatrix} @v_1 \\ @v_2 \end{bmatrix}""",
    r"\det(@V - @g I) = @g^{@m} - @n @g^2 + @n @g - @n = 0",
    r"\frac{\partial @v}{\partial t} = @n \frac{\partial^2 @v}{\partial x^2} + @n @v (1 - @v)",
    r"@f * @h (@v) = \int_{\mathbb{R}^{@n}} @f(@w)\, @h(@v - @w)\, d@w, \qquad @f \in L^{@m}",
    r"""H(@X) = -\sum_{@i=1}^{@n} p_@i \log p_@i \le \log @n, \quad
p_@i = \frac{e^{@v_@i / @n}}{\sum_j e^{@v_j / @n}}""",
    r"\binom{@n}{@m} = \frac{@n!}{@m!\,(@n - @m)!} \sim \frac{@n^{@m}}{@m!}",
    r"\sup_{@v} \inf_{@w \in @W} @f(@v, @w) \le \inf_{@w \in @W} \sup_{@v} @f(@v, @w) + @n^{-@m}",
)

STANDARD = (
    r"e^{i\pi} + 1 = 0",
    r"\lvert \langle u, v \rangle \rvert \le \lVert u \rVert \, \lVert v \rVert",
    r"P(A \mid B) = \frac{P(B \mid A)\, P(A)}{P(B)}",
    r"A = U \Sigma V^\top",
    r"\sum_{k=1}^n k = \frac{n(n+1)}{2}",
    r"\int_{-\infty}^{\infty} e^{-x^2}\, dx = \sqrt{\pi}",
    r"L = D - W, \qquad x^\top L x = \frac{1}{2} \sum_{i,j} w_{ij} (x_i - x_j)^2",
)
"""Displayed ones that many posts have."""

CHOICES: dict[str, Sequence[str]] = {
    "v": tuple("abcpqrstuvwxyz"),
    "w": tuple("cdhmnopqsuvwz"),
    "V": tuple("ABCDEFGHKLMNPQRSTUVW"),
    "W": tuple("ABCHKMNQSTUVWZ"),
    "X": tuple("STUXYZ"),
    "f": ("f", "g", r"\varphi", r"\psi", "h", "F"),
    "h": ("g", "k", r"\eta"),
    "g": (r"\alpha", r"\beta", r"\gamma", r"\lambda", r"\mu", r"\rho", r"\sigma", r"\theta"),
    "i": tuple("ijk"),
    "n": tuple(str(number) for number in range(2, 200)),
    "m": tuple(str(number) for number in range(2, 10)),
}
"""What `@v` and its kin stand for: a letter is the same throughout a formula, a number is not."""


def _filled(template: str, source: random.Random) -> str:
    letters: dict[str, str] = {}

    def fill(found: re.Match[str]) -> str:
        kind = found[1]
        if kind in "nm":
            return source.choice(CHOICES[kind])
        if kind not in letters:
            letters[kind] = source.choice(CHOICES[kind])
        # `\gamma` and a letter behind it would be another command.
        follows = template[found.end() : found.end() + 1]
        return letters[kind] + (" " if letters[kind][0] == "\\" and follows.isalpha() else "")

    return re.sub(r"@(\w)", fill, template)


COMMON_WEIGHTS = [1 / (2 + place) for place in range(len(COMMON))]


def _inline(source: random.Random) -> list[str]:
    """The formulas in the running text of a post."""
    formulas = source.choices(COMMON, COMMON_WEIGHTS, k=OF_EVERY_POST)
    formulas += [_filled(source.choice(VARIED), source) for _ in range(INLINE - OF_EVERY_POST)]
    source.shuffle(formulas)
    return formulas


def _displayed(source: random.Random) -> list[str]:
    """The displayed formulas of a post: one that stands in others, too, and some of each kind."""
    formulas = [source.choice(STANDARD)]
    formulas += [_filled(template, source) for template in source.sample(DISPLAY, DISPLAYED - 1)]
    source.shuffle(formulas)
    return formulas


# --- prose ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Language:
    """What posts in one language say; `@` stands for a formula."""

    subjects: tuple[str, ...]
    aspects: tuple[str, ...]
    headings: tuple[str, ...]
    items: tuple[str, ...]
    """Sentences with one formula, for a list."""
    with_formulas: tuple[str, ...]
    plain: tuple[str, ...]
    leads_to: tuple[str, ...]
    """Ends of a paragraph above a displayed formula."""
    example: str
    """The sentence with the word that is changed."""


KOREAN = Language(
    subjects=(
        "그래프 라플라시안",
        "무작위 행렬",
        "쌍대 문제",
        "푸리에 급수",
        "마르코프 연쇄",
        "콤팩트 집합",
        "교차 엔트로피",
        "특잇값 분해",
        "볼록 함수",
        "측도와 적분",
    ),
    aspects=(
        "작은 예로 이해하기",
        "증명을 따라가며",
        "왜 필요한지부터",
        "계산으로 확인하기",
        "흔한 오해 몇 가지",
    ),
    headings=(
        "문제를 정하기",
        "정의와 기호",
        "작은 예",
        "핵심이 되는 부등식",
        "증명",
        "계산해 보기",
        "경계에서는 무슨 일이 생기나",
        "수렴하는 속도",
        "다른 방법과 비교하기",
        "정리하며",
    ),
    items=(
        "@가 주어져 있고, 그 값은 바뀌지 않아요.",
        "모든 계산은 @에서 이루어집니다.",
        "@를 알고 있다고 가정해요.",
        "끝으로 @라는 조건을 둡니다.",
    ),
    with_formulas=(
        "먼저 @를 하나 고정하고, 이 값에 따라 결과가 어떻게 달라지는지 살펴봅시다.",
        "여기서 @는 우리가 앞에서 정의한 값이고, @의 크기에는 영향을 받지 않습니다.",
        "이제 @라고 두면 식이 훨씬 간단해져요.",
        "만약 @가 충분히 크다면 @는 거의 변하지 않는다고 보아도 됩니다.",
        "직관적으로는 @가 **거리**의 역할을 하고, @가 **무게**의 역할을 한다고 생각하면 돼요.",
        "그런데 @에서는 이 논리가 그대로 통하지 않아서 조금 더 조심해야 합니다.",
        "양변을 @로 나누면 왼쪽에는 우리가 원하던 양만 남아요.",
        "따라서 @의 고윳값은 모두 실수이고, @와 서로 직교하는 벡터를 고를 수 있습니다.",
        "실제로 컴퓨터에서 @를 계산할 때는 반올림 오차가 쌓이기 때문에 순서를 바꾸는 편이 좋아요.",
        "이 조건은 @와 @가 같은 공간에 있다는 말과 같습니다.",
        "다만 @를 택하는 방법이 하나뿐인 것은 아니라는 점을 기억해 두세요.",
        "가장 나쁜 경우에도 @번 안에 끝난다는 사실이 알려져 있습니다.",
        "반대로 @가 아니라면 언제든지 @보다 작은 값을 찾을 수 있어요.",
        "위에서 얻은 @를 다시 처음의 식에 넣어 봅시다.",
        "이때 @의 원소를 하나씩 옮기면서 @가 줄어드는지 확인하면 됩니다.",
        "눈여겨볼 점은 @가 @에 대해 연속이라는 것입니다.",
        "처음 보면 @라는 조건이 지나치게 강해 보이지만, 실제 문제에서는 대부분 성립해요.",
        "예를 들어 @일 때를 손으로 계산해 보면 금방 감이 옵니다.",
        "그래서 많은 책에서는 @를 그냥 가정하고 넘어가지만, 여기서는 증명까지 해 보려고 해요.",
        "결국 남는 것은 @뿐이고, 나머지 항은 모두 서로 지워집니다.",
    ),
    plain=(
        "이 부분이 처음에는 낯설게 느껴질 수 있지만, 그림을 하나 그려 보면 생각보다 단순해요.",
        "증명에서 가장 자주 빠뜨리는 단계가 바로 여기입니다.",
        "조금 돌아가는 길처럼 보여도, 이렇게 해 두면 뒤에서 같은 계산을 되풀이하지 않아도 됩니다.",
        "물론 이것만으로 충분하지는 않아요.",
        "같은 생각을 다른 곳에서도 여러 번 쓰게 될 테니 천천히 읽어 보세요.",
        "데이터가 많아지면 이 차이가 눈에 띄게 벌어집니다.",
        "여기까지는 선형대수만 알고 있으면 따라올 수 있어요.",
        "반례를 하나 찾아보는 것도 좋은 연습이 됩니다.",
        "논문에서는 이 과정을 한 줄로 적었지만, 빠진 내용을 채우면 꽤 길어집니다.",
        "실험에서도 같은 경향이 나타났고, 그 이유는 조금 뒤에 설명하겠습니다.",
        "이름은 거창하지만 하는 일은 평균을 내는 것과 크게 다르지 않아요.",
        "한 가지 더 짚고 넘어갈 것이 있습니다.",
        "순서를 바꾸어도 되는지는 따로 확인해야 합니다.",
        "이런 성질 덕분에 큰 문제를 작은 문제 여러 개로 나눌 수 있어요.",
        "수렴하는지와 얼마나 빨리 수렴하는지는 서로 다른 질문입니다.",
        "아래의 코드는 바로 이 계산을 그대로 옮긴 것입니다.",
    ),
    leads_to=(
        "이를 식으로 쓰면 다음과 같습니다.",
        "그러면 다음이 성립해요.",
        "정리하면 아래와 같은 식을 얻습니다.",
        "이제 다음 식을 봅시다.",
        "같은 내용을 한 줄로 적어 볼게요.",
    ),
    example="지금까지 살펴본 것은 {word} 예입니다.",
)

ENGLISH = Language(
    subjects=(
        "The graph Laplacian",
        "Random matrices",
        "Dual problems",
        "Fourier series",
        "Markov chains",
        "Compact sets",
        "Cross entropy",
        "The singular value decomposition",
        "Convex functions",
        "Measures and integrals",
    ),
    aspects=(
        "a small example",
        "following the proof",
        "why we need it",
        "checked by computation",
        "some misunderstandings",
    ),
    headings=(
        "What is asked",
        "Definitions and notation",
        "A small example",
        "The inequality behind it",
        "The proof",
        "A computation",
        "What happens at the boundary",
        "How fast it converges",
        "Compared with other methods",
        "What we have seen",
    ),
    items=(
        "We are given @, which does not change.",
        "All of it takes place in @.",
        "We take @ to be known.",
        "Finally we ask that @ holds.",
    ),
    with_formulas=(
        "Let us first fix @ and see how the outcome depends on it.",
        "Here @ is the quantity defined above, and it does not depend on the size of @.",
        "If we write @ for it, the equation becomes a good deal simpler.",
        "As soon as @ is large enough, @ hardly moves at all.",
        "It helps to think of @ as a **distance** and of @ as a **weight**.",
        "The argument breaks down for @, so that we have to be more careful there.",
        "We divide both sides by @, and what is left is the quantity that we were after.",
        "It follows that all eigenvalues of @ are real, and that vectors orthogonal to @ exist.",
        "When @ is computed in floating point, errors pile up: better change the order.",
        "This is the same as to say that @ and @ lie in one space.",
        "Keep in mind that there is more than one way to choose @.",
        "Even in the worst case it is known to end after @ steps.",
        "If on the other hand @ fails, we can always find something smaller than @.",
        "Now we put @ back into the equation that we began with.",
        "We move the elements of @ one at a time and check whether @ decreases.",
        "The point to notice is that @ is continuous in @.",
        "The condition @ looks too strong at first, but most problems in practice meet it.",
        "Working out the case @ by hand gives a feeling for it.",
        "Many books simply assume @ and go on; we are going to prove it.",
        "In the end only @ remains, and all other terms cancel.",
    ),
    plain=(
        "This may look strange at first, but a picture makes it simpler than one would expect.",
        "It is the step that is left out most often.",
        "The detour pays off later, where the same computation would have to be done again.",
        "Of course this is not enough by itself.",
        "The same idea will be used several times, so it is worth reading slowly.",
        "With more data the difference becomes hard to overlook.",
        "Up to here nothing but linear algebra is needed.",
        "Looking for a counterexample is a good exercise.",
        "The paper does this in one line; with all that it leaves out it becomes rather long.",
        "Experiments show the same, for a reason that we come to in a moment.",
        "The name sounds grand, but what it does is not far from taking a mean.",
        "There is one more thing to be said.",
        "Whether the order may be changed has to be checked separately.",
        "Thanks to this a large problem can be cut into several small ones.",
        "Whether it converges and how fast it does are two different questions.",
        "The code below is a transcript of just this computation.",
    ),
    leads_to=(
        "Written as an equation, this is the following.",
        "Then we have the following.",
        "Putting it together we arrive at this.",
        "Now consider this equation.",
        "The same fits into one line.",
    ),
    example="What we have looked at is a {word} example.",
)

LANGUAGES: dict[Literal["ko", "en"], Language] = {"ko": KOREAN, "en": ENGLISH}


# --- code -------------------------------------------------------------------------------------

PYTHON = (
    """\
import numpy as np


def laplacian(weights):
    \"\"\"D - W of a graph with @n nodes.\"\"\"
    degrees = weights.sum(axis=1)
    return np.diag(degrees) - weights


rng = np.random.default_rng(@n)
weights = rng.uniform(size=(@n, @n))
weights = (weights + weights.T) / 2
values, vectors = np.linalg.eigh(laplacian(weights))
print(values[:@m].round(3))
""",
    """\
from collections import Counter


def walk(graph, start, steps=@n):
    node = start
    for _ in range(steps):
        node = graph[node][hash(node) % len(graph[node])]
        yield node


graph = {number: [(number * @m) % @n, (number + 1) % @n] for number in range(@n)}
visits = Counter(walk(graph, 0))
for node, count in visits.most_common(@m):
    print(f"{node:4d} {count / @n:.3f}")
""",
    """\
def newton(f, derivative, x=@n.0, tolerance=1e-@m):
    # The tangent's root is a better guess.
    while abs(f(x)) > tolerance:
        x -= f(x) / derivative(x)
    return x


root = newton(lambda x: x**@m - @n, lambda x: @m * x ** (@m - 1))
assert abs(root**@m - @n) < 1e-6, root
print("root:", root)
""",
)

OTHER_CODE = (
    (
        "javascript",
        """\
const samples = Array.from({ length: @n }, (_, index) => Math.sin(index / @m));
function mean(values) {
  // An empty list has no mean.
  if (values.length === 0) throw new RangeError("no values");
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
console.log(mean(samples).toFixed(@m));
""",
    ),
    (
        "c",
        """\
#include <stdio.h>

/* Horner's scheme for a polynomial of degree @n. */
double value(const double *coefficients, int degree, double x) {
    double sum = 0.0;
    for (int k = degree; k >= 0; k--)
        sum = sum * x + coefficients[k];
    return sum;
}
""",
    ),
    (
        "sql",
        """\
SELECT category, COUNT(*) AS posts, AVG(length) AS mean_length
FROM posts
WHERE length > @n AND published >= '2016-01-@m'
GROUP BY category
ORDER BY posts DESC
LIMIT @m;
""",
    ),
    (
        "bash",
        """\
set -e
for size in @n 1@n 2@n; do
    echo "size $size"
    python experiment.py --size "$size" --seed @m > "result-$size.txt"
done
tail -n @m result-*.txt
""",
    ),
    (
        "rust",
        """\
fn gcd(a: u64, b: u64) -> u64 {
    // Euclid's algorithm
    if b == 0 { a } else { gcd(b, a % b) }
}

fn main() {
    let numbers: Vec<u64> = (1..@n).filter(|n| gcd(*n, @n) == 1).collect();
    println!("{} of {}", numbers.len(), @n);
}
""",
    ),
)


# --- posts ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the text."""

    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph or a list of Markdown; its formulas stand between dollar signs."""

    text: str


@dataclass(frozen=True, slots=True)
class Displayed:
    """A displayed formula."""

    tex: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Code that is shown."""

    language: str
    code: str


Block = Heading | Prose | Displayed | Listing

FORMULA = re.compile(r"\$([^$]+)\$")


@dataclass(frozen=True, slots=True)
class SamplePost:
    """One post, in no tool's form."""

    slug: str
    language: Literal["ko", "en"]
    title: str
    day: date
    category: str
    tags: tuple[str, ...]
    blocks: tuple[Block, ...]
    """Without the last paragraph, which holds the word."""
    word: str
    """A word of the prose, far below what lists and feeds quote."""


def posts(count: int) -> tuple[SamplePost, ...]:
    """The first `count` posts."""
    return tuple(_post(number) for number in range(count))


def _post(number: int) -> SamplePost:
    source = random.Random(f"{SEED} {number}")
    language: Literal["ko", "en"] = "en" if number % 2 else "ko"
    says = LANGUAGES[language]
    return SamplePost(
        slug=f"post-{number + 1:05}",
        language=language,
        title=f"{source.choice(says.subjects)}, {source.choice(says.aspects)} ({number + 1})",
        day=FIRST_DAY + timedelta(days=number * 1597 % DAYS),
        category=source.choice(CATEGORIES),
        tags=tuple(sorted(source.sample(TAGS, source.randint(2, 4)))),
        blocks=tuple(_blocks(says, source)),
        word=source.choice(WORDS[language]),
    )


def _blocks(says: Language, source: random.Random) -> Iterator[Block]:
    inline, displayed = iter(_inline(source)), _displayed(source)
    sentences = _shuffled(says.with_formulas, source)
    plain = _shuffled(says.plain, source)
    headings = iter(source.sample(says.headings, 7))
    # The list has one formula an item, the paragraphs have the rest.
    left = INLINE - len(says.items)
    wanted = [left // DISPLAYED + (place < left % DISPLAYED) for place in range(DISPLAYED)]
    source.shuffle(wanted)
    for place, tex in enumerate(displayed):
        if place % 2 == 1:
            yield Heading(next(headings), level=3 if place in (5, 11) else 2)
        paragraph: list[str] = []
        while wanted[place] or sum(len(text.encode()) for text in paragraph) < PARAGRAPH:
            sentence = next(sentences if wanted[place] else plain)
            if sentence.count("@") <= wanted[place]:
                wanted[place] -= sentence.count("@")
                paragraph.append(sentence)
        text = " ".join([*paragraph, source.choice(says.leads_to)])
        yield Prose(_with_formulas(text, inline))
        yield Displayed(tex)
        if place == 2:
            yield Prose(_with_formulas("\n".join(f"- {item}" for item in says.items), inline))
        elif place == 6:
            yield Listing("python", _filled(source.choice(PYTHON), source))
        elif place == 10:
            name, code = source.choice(OTHER_CODE)
            yield Listing(name, _filled(code, source))


def _shuffled(sentences: Sequence[str], source: random.Random) -> Iterator[str]:
    """All sentences in some order, then in another, and so on."""
    while True:
        yield from source.sample(sentences, len(sentences))


def _with_formulas(text: str, formulas: Iterator[str]) -> str:
    return re.sub("@", lambda _: f"${next(formulas)}$", text)


def sentence(post: SamplePost) -> str:
    """The sentence of the prose that holds the post's word."""
    return LANGUAGES[post.language].example.format(word=post.word)


def formulas(post: SamplePost) -> list[tuple[str, bool]]:
    """TeX of each formula of a post, and whether it is displayed."""
    found: list[tuple[str, bool]] = []
    for block in post.blocks:
        if isinstance(block, Prose):
            found += [(tex, False) for tex in FORMULA.findall(block.text)]
        elif isinstance(block, Displayed):
            found.append((block.tex, True))
    return found


def markdown(post: SamplePost, inline: str = "$", joiner: str = "") -> str:
    """The post's text in Markdown.

    `inline` stands on both sides of a formula in running text, `joiner` between one and a letter
    that follows at once, as Korean particles do.
    """
    blocks = (*post.blocks, Prose(sentence(post)))
    return "\n".join(_markdown(block, inline, joiner) for block in blocks)


def _markdown(block: Block, inline: str, joiner: str) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {text}\n"
        case Prose(text):
            return _marked(text, inline, joiner) + "\n"
        case Displayed(tex):
            return f"$$\n{tex}\n$$\n"
        case Listing(language, code):
            return f"```{language}\n{code}```\n"


def _marked(text: str, inline: str, joiner: str) -> str:
    def mark(formula: re.Match[str]) -> str:
        follows = text[formula.end() : formula.end() + 1]
        return f"{inline}{formula[1]}{inline}{joiner if follows.isalnum() else ''}"

    return FORMULA.sub(mark, text)
