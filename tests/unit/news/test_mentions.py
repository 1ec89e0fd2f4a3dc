"""Whom a headline speaks of."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.news.mentions import Mention, NameIndex, NameIndexCache, Relation, WatchedName, mentions_of


def index(*names):
    """An index in which every name is its own account."""
    return NameIndex(WatchedName(name, Relation.SELF, name) for name in names)


def accounts(found):
    return {mention.account_id for mention in found}


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Nordwind Pumpen GmbH", "Nordwind Pumpen opens a plant"),
        ("Nordwind Pumpen GmbH", "A plant for Nordwind Pumpen GmbH"),
        ("Nordwind Pumpen", "NORDWIND PUMPEN OPENS A PLANT"),
        ("Nordwind Pumpen", "nordwind pumpen opens a plant"),
        ("Halvorsen AS", "Halvorsen's profit falls"),
        ("Halvorsen AS", "Halvorsen’s profit falls"),
        ("Halvorsen AS", "“Halvorsen”: profit falls"),
        ("Halvorsen AS", "Halvorsen-owned plant closes"),
        ("McDonald's", "McDonald’s sells more"),
        ("McDonald's", "McDonalds sells more"),
        ("Procter & Gamble Co.", "Procter and Gamble raises prices"),
        ("Procter and Gamble", "Procter & Gamble raises prices"),
        ("AT&T Inc.", "AT&T cuts jobs"),
        ("J.P. Morgan", "JP Morgan hires"),
        ("JP Morgan", "J.P. Morgan hires"),
        ("T-Mobile", "T Mobile buys spectrum"),
        ("Nestlé S.A.", "Nestle recalls water"),
        ("Åkerström AB", "Åkerström wins order"),
        ("Müller ＆ Söhne", "Müller & Söhne wins order"),
        ("The Northern Trading Company", "Northern Trading expands"),
        ("Yahoo!", "Yahoo sells stake"),
        ("eBay", "Ebay sells stake"),
        ("SEBI", "Sebi fines broker"),
        ("東芝", "株式会社東芝が発表"),
        ("3M Company", "3M settles"),
    ],
)
def test_a_name_is_found_in_its_usual_spellings(name, title):
    assert accounts(index(name).find(title)) == {name}


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Halvorsen AS", "Halvorsenia blooms"),
        ("Acme", "Acmeist poets meet"),
        ("Target Corporation", "Bank raises target price"),
        ("Target Corporation", "Bank Cuts Its Target Price For Copper"),
        ("Target Corporation", "BANK CUTS ITS TARGET PRICE FOR COPPER"),
        ("ABB", "The abb valley"),
        ("ABB", "Abb said"),
        ("SAP SE", "Maple sap flows early"),
        ("General Electric", "A general electric motor"),
        ("Best Buy Co., Inc.", "The best buy of the week"),
        ("Gap Inc.", "Mind the gap"),
    ],
)
def test_what_only_looks_like_a_name_is_not_taken_for_it(name, title):
    assert index(name).find(title) == ()


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Target Corporation", "Why Target is closing stores"),
        ("Target Corporation", "Target Reports Higher Sales For The Quarter"),
        ("Target Corporation", "Investors Question Target's Plan For Grocery Stores"),
        ("Target Corporation", "A TARGET CORPORATION STORE CLOSES TODAY"),
        ("SAP SE", "SAP raises outlook"),
        ("General Electric", "General Electric sells unit"),
        ("pharma sector", "Pharma sector gains"),
    ],
)
def test_an_ambiguous_name_is_believed_where_capitals_prove_it(name, title):
    assert accounts(index(name).find(title)) == {name}


def test_the_longest_name_is_the_one_meant():
    names = index("Acme", "Acme Pumps", "Acme Pumps North")
    assert accounts(names.find("Acme Pumps North wins, Acme waits")) == {"Acme Pumps North", "Acme"}
    assert accounts(names.find("Acme Pumps wins")) == {"Acme Pumps"}


def test_two_accounts_of_one_name_are_both_mentioned():
    names = NameIndex([WatchedName("1", Relation.SELF, "Acme Ltd"), WatchedName("2", Relation.SELF, "Acme GmbH")])
    assert accounts(names.find("Acme grows")) == {"1", "2"}
    assert accounts(names.find("Acme GmbH grows")) == {"2"}


def test_neighbouring_names_are_both_found():
    assert accounts(index("Acme", "Globex").find("Acme Globex merger")) == {"Acme", "Globex"}


def test_the_match_says_what_the_text_says():
    assert index("Nordwind Pumpen GmbH").find("At Nordwind  PUMPEN, change") == (
        Mention("Nordwind Pumpen GmbH", Relation.SELF, "Nordwind PUMPEN"),
    )


def test_a_competitor_is_reported_to_those_who_watch_it():
    names = NameIndex(
        [
            WatchedName("acme", Relation.SELF, "Acme"),
            WatchedName("acme", Relation.COMPETITOR, "Globex"),
            WatchedName("initech", Relation.COMPETITOR, "Globex"),
            WatchedName("globex", Relation.SELF, "Globex"),
        ]
    )
    found = mentions_of(names, "Globex cuts prices", "", None)
    assert {(mention.account_id, mention.relation) for mention in found} == {
        ("acme", "competitor"),
        ("initech", "competitor"),
        ("globex", "self"),
    }
    both = mentions_of(names, "Acme sues Globex", "", None)
    assert ("acme", "self") in {(mention.account_id, mention.relation) for mention in both}
    assert ("acme", "competitor") not in {(mention.account_id, mention.relation) for mention in both}


def test_an_item_of_an_accounts_own_feed_is_always_the_accounts():
    names = index("acme")
    assert mentions_of(names, "Water prices rise", "", "acme") == (Mention("acme", Relation.TOPIC, ""),)
    assert mentions_of(names, "Acme grows", "", "acme") == (Mention("acme", Relation.SELF, "Acme"),)
    assert mentions_of(names, "Water prices rise", "Acme says so", "acme")[0].relation is Relation.SELF
    assert mentions_of(names, "Water prices rise", "", None) == ()


def test_no_names_find_nothing():
    assert NameIndex([]).find("Acme grows") == ()
    assert index("", "  ", "!!!").find("!!! Acme") == ()


def test_the_index_is_built_again_only_when_names_change():
    cache, loads = NameIndexCache(), []

    def load(*names):
        loads.append(names)
        return [WatchedName(name, Relation.SELF, name) for name in names]

    first = cache.get(1, lambda: load("Acme"))
    assert cache.get(1, lambda: load("Acme")) is first
    assert len(loads) == 1
    assert cache.get(2, lambda: load("Acme")) is first
    assert cache.get(3, lambda: load("Acme", "Globex")) is not first


WORDS = ["Alvdal", "Brenner", "Cortado", "Drossel", "Eikeland", "Fjordan", "Gruyter", "Hollman"]


@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), min_size=1, max_size=6), st.data())
def test_a_name_put_into_a_sentence_is_always_found(names, data):
    spelled = [" ".join(name) for name in names]
    chosen = data.draw(st.sampled_from(spelled))
    longest = index(*spelled).find(f"yesterday {chosen}, it was said")
    assert chosen in accounts(longest)


def test_five_thousand_names_are_searched_in_a_moment():
    random.seed(1)
    names = [f"{random.choice(WORDS)}{number} {random.choice(WORDS)} GmbH" for number in range(5000)]
    titles = [f"Quarterly figures of {random.choice(names)} surprise analysts again" for _ in range(2000)]
    watched = index(*names)
    start = time.perf_counter()
    assert all(watched.find(title) for title in titles)
    assert time.perf_counter() - start < 5
