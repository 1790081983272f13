"""Only payment tokens go out: no text with a card number in it reaches a file, a line that is printed, or the wire."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cards import kept, pans, texts_around
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from till_outside import Outside
from visits import Commit, close, receipt_of, shop

from fusion.purchase.authorisations import authorise
from fusion.purchase.courier import deliver_due
from fusion.purchase.debts import AuthoriseEntry, authorisation_id
from fusion.purchase.outbox import NAME, open_outbox
from fusion.purchase.outbox_file import OutboxError
from fusion.purchase.purchases import add

Capture = pytest.CaptureFixture[str]
QUIETLY = settings(max_examples=25, suppress_health_check=list(HealthCheck))
TEXTS = st.data()


def renamed(commit: Commit, what: str, text: str) -> Commit:
    """Return a close whose account or token is some text; a ledger made by others may hold anything."""
    old = {"account": "receivable:ann", "token": "tender:card:tok-1"}[what]
    new = old.rpartition(":")[0] + ":" + text
    entries = tuple(
        replace(
            entry,
            legs=tuple(replace(leg, account=new) if leg.account == old else leg for leg in entry.legs),
        )
        for entry in commit.entries
    )
    return replace(commit, entries=entries)


@QUIETLY
@given(TEXTS, st.sampled_from(["account", "token"]))
def test_a_purchase_with_a_card_number_is_refused_and_nothing_of_it_kept(
    capsys: Capture, data: st.DataObject, what: str
) -> None:
    pan = data.draw(pans())
    text = data.draw(texts_around(pan))
    commit = close(shop("one card"), receipt_of(shop("one card"), "t1", "settled"))
    outside = Outside()
    with TemporaryDirectory() as folder, open_outbox(Path(folder) / NAME, "till", "USD") as outbox:
        spoiled = renamed(commit, what, text)
        assert add(outbox, spoiled.transfers, spoiled.entries) == 0
        assert add(outbox, commit.transfers, commit.entries) == 1, "the others are asked for"
        assert deliver_due(outbox, outside, lambda: 10**18) == 1
        said = capsys.readouterr().err
        assert "trip t1: expected payment tokens, received a card number, not shown" in said and pan not in said
        assert kept(Path(folder), pan) == []
    assert pan not in str(outside.done)


@QUIETLY
@given(TEXTS, st.booleans())
def test_an_authorisation_with_a_card_number_is_refused_and_never_asked(data: st.DataObject, in_token: bool) -> None:
    pan = data.draw(pans())
    text = data.draw(texts_around(pan))
    account, token = ("ann", text) if in_token else (text, "tok-1")
    ask = AuthoriseEntry(authorisation_id("till", "ann", "v1"), "till", account, token, 500, "USD", 1)
    outside = Outside()
    with TemporaryDirectory() as folder, open_outbox(Path(folder) / NAME, "till", "USD") as outbox:
        with pytest.raises(OutboxError, match="expected an account and a token, received a card number, not shown"):
            authorise(outbox, outside, ask, lambda: 1)
        assert kept(Path(folder), pan) == []
    assert outside.done == {} and outside.asked == []
