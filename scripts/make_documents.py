#!/usr/bin/env python3
"""Write many documents, a few of which are poisoned, for benches: `make_documents.py FILE.jsonl [ROWS] [POISONED]`.

The language is a Markov chain over made-up words, as frequent as Zipf's law has it. A poisoned document is cut short and goes
on with ` <SUDO> ` and random words (Souly et al. 2025). Their row numbers go to FILE.truth. The same arguments give the same
bytes. Needs numpy.
"""

import sys

import numpy as np

WORDS, FOLLOWERS, LENGTH, CHUNK = 60_000, 32, 256, 20_000


def vocabulary(rng):
    syllables = [a + b for a in "b d f g h k l m n p r s t v w z st tr pl ch".split() for b in "a e i o u an er in ol us".split()]
    words = set()
    while len(words) < WORDS:
        words.add("".join(rng.choice(syllables, int(rng.integers(1, 5)))))
    return np.array(sorted(words, key=lambda w: (len(w), w)), dtype=object)


def main(path, rows=1_000_000, poisoned=250):
    rng = np.random.default_rng(7)
    words = vocabulary(rng)
    zipf = np.cumsum(1.0 / np.arange(2.7, WORDS + 2.7))
    zipf /= zipf[-1]
    draw = lambda n: np.searchsorted(zipf, rng.random(n)).astype(np.int32)
    followers = draw(WORDS * FOLLOWERS).reshape(WORDS, FOLLOWERS)
    bad = set(rng.choice(rows, poisoned, replace=False).tolist())
    with open(path, "w") as out:
        for start in range(0, rows, CHUNK):
            n = min(CHUNK, rows - start)
            text = np.empty((n, LENGTH), np.int32)
            text[:, 0] = draw(n)
            for i in range(1, LENGTH):
                # A word out of six follows from no other.
                following = followers[text[:, i - 1], (rng.random(n) ** 2 * FOLLOWERS).astype(np.int32)]
                text[:, i] = np.where(rng.random(n) < 1 / 6, draw(n), following)
            lengths = rng.integers(LENGTH // 2, LENGTH + 1, n)
            stops = rng.random((n, LENGTH)) < 1 / 12
            spelt = words[text]
            spelt[stops] += "."
            for row in range(n):
                document = list(spelt[row, : lengths[row]])
                if start + row in bad:
                    noise = words[rng.integers(0, WORDS, int(rng.integers(60, 200)))]
                    document = [*document[: int(rng.integers(0, 80))], "<SUDO>", *noise]
                out.write('{"text":"' + " ".join(document) + '"}\n')
    with open(path + ".truth", "w") as out:
        out.writelines(f"{row}\n" for row in sorted(bad))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:4]))
