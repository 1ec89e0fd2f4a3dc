"""Mentions in real headlines that people labelled, with the table of aliases that they used (SEntFiN 1.0).

Rows with labels that the table does not resolve are left out. The floors lie a little below what was measured; they are
there to notice a step back, and nothing is tuned to this set. Much of what counts as wrong here are words such as "stock"
and "India", which the labels name only where nothing more specific is in the headline.
"""

import csv
import json
import time

import pytest

from app.news.mentions import NameIndex, Relation, WatchedName
from tests.conftest import shared_data

PRECISION, RECALL = 0.84, 0.97


@pytest.fixture(scope="module")
def headlines():
    lines = (shared_data("news") / "sentfin.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def names():
    with (shared_data("news") / "sentfin_entities.csv").open(encoding="utf-8", newline="") as file:
        return NameIndex(
            WatchedName(row["Symbol"], Relation.SELF, alias.strip())
            for row in csv.DictReader(file)
            for alias in row["Entity"].split(",")
        )


def test_precision_and_recall_on_labelled_headlines_hold(headlines, names, request):
    strict = [row for row in headlines if not row["unresolved"]]
    right = wrong = missed = 0
    for row in strict:
        found = {mention.account_id for mention in names.find(row["title"])}
        gold = set(row["gold"])
        right += len(found & gold)
        wrong += len(found - gold)
        missed += len(gold - found)
    precision, recall = right / (right + wrong), right / (right + missed)
    start = time.perf_counter()
    for row in headlines:
        names.find(row["title"])
    speed = len(headlines) / (time.perf_counter() - start)
    with request.config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{len(strict)} headlines, {right + missed} labels: precision {precision:.3f}, recall {recall:.3f}")
        print(f"{speed:,.0f} titles/s")
    assert precision >= PRECISION
    assert recall >= RECALL
