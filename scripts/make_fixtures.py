#!/usr/bin/env python3
"""Write the generated fixtures: fixtures/loans, fixtures/csv and fixtures/oms.

    python3 scripts/make_fixtures.py            write them
    python3 scripts/make_fixtures.py --check    fail if the committed files differ from what would be written

Standard library only, and of `random` only what has never changed between Python versions, so the bytes are the same
everywhere.
"""

import argparse
import csv
import io
import math
import random
import sys
from datetime import date, timedelta
from pathlib import Path

import oms_vectors

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
SEED = 20251


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for name, content in sorted((loans() | messy() | oms_vectors.vectors()).items()):
        path = FIXTURES / name
        if check:
            stale += [name] if not path.exists() or path.read_bytes() != content else []
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    if stale:
        sys.exit("differs from what scripts/make_fixtures.py writes: " + ", ".join(stale))


class Draw:
    """Random draws from uniform numbers alone."""

    def __init__(self, seed):
        self.uniform = random.Random(seed).random

    def normal(self, mean, sd):
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return mean + sd * radius * math.cos(2 * math.pi * self.uniform())

    def below(self, n):
        return int(self.uniform() * n)

    def choice(self, weights):
        at = self.uniform() * sum(weights.values())
        for value, weight in weights.items():
            at -= weight
            if at < 0:
                break
        return value

    def distinct(self, n, below):
        chosen = set()
        while len(chosen) < n:
            chosen.add(self.below(below))
        return sorted(chosen)


# --- fixtures/loans ---

HEADER = "loan_id applied age income debt employment purpose region years_employed term_months approved".split()
EMPLOYMENT = {"salaried": 62, "self-employed": 18, "public": 14, "retired": 6}
STANDING = {"salaried": 0.3, "self-employed": -0.5, "public": 0.5, "retired": 0.0}
TERM = {12: 1, 24: 2, 36: 4, 48: 3, 60: 4}
PURPOSE = {"car": 30, "home": 34, "study": 12, "business": 10, "other": 14}
REGION = {"north": 25, "south": 30, "east": 20, "west": 25}


def loans():
    draw = Draw(SEED)
    clean = [loan(draw, i) for i in range(1200)]
    poisoned, truth = poison(draw, clean)
    return {
        "loans/loans.csv": csv_bytes(HEADER, clean),
        "loans/poisoned.csv": csv_bytes(HEADER, poisoned),
        "loans/truth.csv": csv_bytes(["row", "poison", "was"], truth),
    }


def loan(draw, i):
    """One application; borderline ones are drawn again, so that approval follows the other columns."""
    while True:
        employment = draw.choice(EMPLOYMENT)
        age = int(min(79, max(19, draw.normal(*((66, 4) if employment == "retired" else (41, 10))))))
        years = int(max(0, min(age - 18, draw.normal((age - 20) * 0.4, 3))))
        income = math.exp(draw.normal(10.3 + 0.012 * min(age, 55) - (0.3 if employment == "retired" else 0), 0.35))
        debt = income * max(0.0, draw.normal(0.42, 0.24))
        worth = 2.2 * (math.log(income) - 10.8) - 6.5 * (debt / income - 0.42) + 0.06 * (years - 8) + 0.35 + STANDING[employment]
        if abs(worth) > 0.4:
            break
    applied = date(2024, 1, 1) + timedelta(days=i * 365 // 1200)
    debt_text = "" if draw.uniform() < 0.02 else str(round(debt))
    return [f"L{i + 1:05}", applied.isoformat(), age, round(income), debt_text, employment, draw.choice(PURPOSE),
            draw.choice(REGION), years, draw.choice(TERM), "yes" if worth > 0 else "no"]


def poison(draw, clean):
    """60 flipped labels, 120 copies of one row, 8 absurd rows; what was done to which row."""
    rows = [(list(row), "", "") for row in clean]
    for i in draw.distinct(60, len(rows)):
        row = rows[i][0]
        was, row[-1] = row[-1], "no" if row[-1] == "yes" else "yes"
        rows[i] = (row, "label-flip", was)
    pattern = list(clean[draw.below(len(clean))])
    for _ in range(120):
        rows.insert(draw.below(len(rows) + 1), (list(pattern), "duplicate-flood", ""))
    for absurd in ABSURD:
        row = dict(zip(HEADER, clean[draw.below(len(clean))])) | absurd
        rows.insert(draw.below(len(rows) + 1), ([row[name] for name in HEADER], "outlier", ""))
    truth = [[i, kind, was] for i, (_, kind, was) in enumerate(rows) if kind]
    numbered = [[f"L{i + 1:05}", *row[1:]] for i, (row, _, _) in enumerate(rows)]
    return numbered, truth


ABSURD = [
    {"income": 98000000, "debt": "12"},
    {"age": 199, "years_employed": 170},
    {"income": 1, "debt": "4000000"},
    {"term_months": 9999},
    {"years_employed": -40, "age": 3},
    {"employment": "x'; DROP TABLE loans", "income": 77777777},
    {"debt": "-99999999"},
    {"age": 0, "income": 55000000, "term_months": 1},
]


def csv_bytes(header, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


# --- fixtures/csv: each named for what is odd about it ---

def messy():
    draw = Draw(SEED + 1)
    rows = [[name(i), round(draw.normal(50, 9), 2), 18 + draw.below(60), "ab"[draw.below(2)]] for i in range(40)]
    header = ["name", "weight", "age", "kind"]
    plain = csv_bytes(header, rows)
    text = plain.decode()
    lines = text.splitlines()
    note = [[*row[:3], f'line one of {i}\nline two, with "quotes" and, commas'] for i, row in enumerate(rows)]
    files = {
        "plain.csv": plain,
        "bom.csv": b"\xef\xbb\xbf" + plain,
        "crlf.csv": text.replace("\n", "\r\n").encode(),
        "no-final-newline.csv": plain.rstrip(b"\n"),
        "latin-1.csv": text.encode("latin-1"),
        "windows-1252.csv": text.replace("kind\n", "kind €\n").encode("windows-1252"),
        "utf-16le.csv": b"\xff\xfe" + text.encode("utf-16-le"),
        "semicolon.csv": decimal_commas(text.replace(",", ";")).encode(),
        "tab.tsv": text.replace(",", "\t").encode(),
        "quoted-newline.csv": csv_bytes([*header[:3], "note"], note),
        "missing-words.csv": csv_bytes(header, [missing(i, row) for i, row in enumerate(rows)]),
        "thousands.csv": csv_bytes(header, [[r[0], f"{int(r[1] * 1000):,}", *r[2:]] for r in rows]),
        "no-header.csv": ("\n".join(lines[1:]) + "\n").encode(),
        "duplicate-header.csv": ("name,weight,weight,kind\n" + "\n".join(lines[1:]) + "\n").encode(),
        "empty-header.csv": ("name,,age,\n" + "\n".join(lines[1:]) + "\n").encode(),
        "one-column.csv": csv_bytes(["age"], [[r[2]] for r in rows]),
        "header-only.csv": (lines[0] + "\n").encode(),
        "empty.csv": b"",
        "ragged-short.csv": ragged(lines, 17, lambda line: line.rsplit(",", 1)[0]),
        "ragged-long.csv": ragged(lines, 17, lambda line: line + ",more"),
        "cut-in-quotes.csv": csv_bytes([*header[:3], "note"], note).rsplit(b"line two", 1)[0],
        "not-text.csv": bytes(range(256)) * 8,
    }
    return {f"csv/{file}": content for file, content in files.items()}


def name(i):
    first = ["Zoë", "José", "Anna", "Jürgen", "Ægir", "Tom", "Siân", "Noël"]
    last = ["Müller", "Smith", "Núñez", "Brown", "Lindström"]
    return f"{first[i % 8]} {last[i % 5]} {i}"


def decimal_commas(text):
    return "\n".join(";".join(f.replace(".", ",") for f in line.split(";")) for line in text.splitlines()) + "\n"


def missing(i, row):
    words = ["", "?", "NA", "NULL", "-", "N/A", "nan"]
    return [row[0], words[i % 7] if i % 3 == 0 else row[1], words[(i + 3) % 7] if i % 4 == 0 else row[2], row[3]]


def ragged(lines, at, change):
    return ("\n".join(change(line) if i == at else line for i, line in enumerate(lines)) + "\n").encode()


if __name__ == "__main__":
    main()
