"""Attachments: announced by a phone, sent in pieces that may be lost, doubled and late, checked, and given out safely."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from app.attachments.content import MAX_BYTES, MAX_CHUNK, is_of_type
from app.attachments.jobs import FORGET, forget
from app.attachments.service import ABANDONED_AFTER
from app.foundation import clock
from app.foundation.ids import new_id
from app.foundation.outbox import ClaimedJob
from tests.support.pulling import Office
from tests.support.writing import Writer

HEADS = {
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "image/webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "image/heic": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
    "application/pdf": b"%PDF-1.7\n",
}
OCTETS = {"Content-Type": "application/octet-stream"}


def picture(size: int = 600_000) -> bytes:
    """Bytes that begin as a JPEG does."""
    return (HEADS["image/jpeg"] + bytes(range(256)) * (size // 256 + 1))[:size]


@pytest.fixture
def office(database: Any, directory: Any) -> Office:
    return Office(database, directory.orgs["north"], directory.users["rep@north"])


@pytest.fixture
def rep(sign_in: Any) -> Writer:
    return Writer(sign_in("rep@north"))


@pytest.fixture
def account_id(office: Office) -> str:
    return office.account()


def announce(rep: Writer, account_id: str, data: bytes, **more: Any) -> str:
    """An attachment that the phone announced."""
    attachment_id = new_id()
    told = {
        "name": "pump.jpg",
        "media_type": "image/jpeg",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    rep.does("attachment.add", id=attachment_id, account_id=account_id, **{**told, **more})
    return attachment_id


def put(api: Any, attachment_id: str, offset: int, data: bytes) -> Any:
    """Send a piece."""
    return api._send("PUT", f"/attachments/{attachment_id}/content?offset={offset}", {"data": data, "headers": OCTETS})


def send(api: Any, attachment_id: str, data: bytes) -> Any:
    """Send all of it in order; the last answer."""
    answer = None
    for start in range(0, len(data), MAX_CHUNK):
        answer = put(api, attachment_id, start, data[start : start + MAX_CHUNK])
    return answer


def test_a_photo_comes_in_pieces_and_is_given_out_to_be_saved(rep: Writer, account_id: str, sign_in: Any) -> None:
    data = picture()
    attachment_id = announce(rep, account_id, data, name='Pump "2" – öl.jpg')
    first = put(rep.api, attachment_id, 0, data[:MAX_CHUNK])
    assert first.status_code == 200 and first.json == {"received": MAX_CHUNK, "complete": False}
    row = rep.read(f"/attachments/{attachment_id}")
    assert (row["received"], row["complete"], row["author"]) == (MAX_CHUNK, False, "Rep")
    assert rep.api.get(f"/attachments/{attachment_id}/content").json["received"] == MAX_CHUNK
    assert send(rep.api, attachment_id, data).json == {"received": len(data), "complete": True}
    told = sign_in("admin@north").get(f"/audit?row_id={attachment_id}").json["data"]
    assert [(entry["action"], entry["details"].get("fields")) for entry in told] == [
        ("change", ["complete", "received"]), ("create", None),
    ]  # fmt: skip

    answer = sign_in("manager@north").get(f"/attachments/{attachment_id}/content")
    assert answer.data == data and answer.content_type == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Content-Disposition"].startswith(
        "attachment; filename=\"attachment.jpg\"; filename*=UTF-8''Pump"
    )
    assert answer.headers["Cache-Control"] == "no-store"  # a phone that is wiped leaves none of it in the browser
    again = rep.api.get(f"/attachments/{attachment_id}/content", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and again.data == b""


def test_pieces_that_are_doubled_late_or_too_early_do_no_harm(rep: Writer, account_id: str) -> None:
    data = picture()
    attachment_id = announce(rep, account_id, data)
    early = put(rep.api, attachment_id, MAX_CHUNK, data[MAX_CHUNK : 2 * MAX_CHUNK])
    assert early.status_code == 409 and early.json["received"] == 0
    assert early.json["type"].endswith("/wrong-offset")
    for _ in range(2):
        assert put(rep.api, attachment_id, 0, data[:MAX_CHUNK]).json["received"] == MAX_CHUNK
    part = put(rep.api, attachment_id, 1024, data[1024 : 1024 + MAX_CHUNK])
    assert part.status_code == 409 and part.json["received"] == MAX_CHUNK
    assert send(rep.api, attachment_id, data).json["complete"]
    late = put(rep.api, attachment_id, 0, data[:MAX_CHUNK])
    assert late.status_code == 200 and late.json == {"received": len(data), "complete": True}
    assert rep.api.get(f"/attachments/{attachment_id}/content").data == data


def test_content_with_another_checksum_starts_over_and_says_so(rep: Writer, account_id: str) -> None:
    data = picture(4_000)
    attachment_id = announce(rep, account_id, data)
    wrong = put(rep.api, attachment_id, 0, data[:-1] + b"!")
    assert wrong.status_code == 409 and wrong.json["type"].endswith("/wrong-checksum") and wrong.json["received"] == 0
    assert rep.read(f"/attachments/{attachment_id}")["received"] == 0
    assert put(rep.api, attachment_id, 0, data).json["complete"]
    assert rep.api.get(f"/attachments/{attachment_id}/content").data == data


@pytest.mark.parametrize("media_type", HEADS)
def test_content_is_of_the_type_that_was_announced(rep: Writer, account_id: str, media_type: str) -> None:
    data = HEADS[media_type] + b"x" * 2_000
    assert put(rep.api, announce(rep, account_id, data, media_type=media_type), 0, data).json["complete"]
    other = b"<html><script>alert(1)</script>" + b" " * 2_000
    refused = put(rep.api, announce(rep, account_id, other, media_type=media_type), 0, other)
    assert refused.status_code == 409 and refused.json["type"].endswith("/wrong-media-type")


def test_no_type_is_taken_for_another() -> None:
    for media_type, head in HEADS.items():
        assert [name for name in HEADS if is_of_type(head, name)] == [media_type]
        assert not is_of_type(head[:3], media_type) or media_type == "image/jpeg"
        assert not is_of_type(b"", media_type)


def test_pieces_that_cannot_be_part_of_it_are_refused(rep: Writer, account_id: str) -> None:
    data = picture(300_000)
    attachment_id = announce(rep, account_id, data)
    for offset, piece in ((0, b""), (0, data[:10]), (299_000, picture(2_000))):
        answer = put(rep.api, attachment_id, offset, piece)
        assert (
            answer.status_code == 409 and answer.json["type"].endswith("/wrong-piece") and answer.json["received"] == 0
        )
    assert put(rep.api, attachment_id, 0, picture(MAX_CHUNK + 1)).status_code == 413
    path = f"/attachments/{attachment_id}/content"
    assert rep.api._send("PUT", f"{path}?offset=x", {"data": data[:2_000], "headers": OCTETS}).status_code == 422
    assert rep.api._send("PUT", f"{path}?offset=0", {"json": {}}).status_code == 415
    assert rep.read(f"/attachments/{attachment_id}")["received"] == 0


@pytest.mark.parametrize(
    "wrong",
    [{"size": MAX_BYTES + 1}, {"size": 0}, {"media_type": "text/html"}, {"sha256": "A" * 64}, {"sha256": "a" * 63}],
)
def test_what_is_too_large_or_of_another_type_is_not_announced(rep: Writer, account_id: str, wrong: Any) -> None:
    told = {"name": "x", "media_type": "image/jpeg", "size": 10, "sha256": "a" * 64, **wrong}
    problem = rep.refused("attachment.add", id=new_id(), account_id=account_id, **told)
    assert problem["errors"][0]["pointer"].endswith(next(iter(wrong)))


def test_only_its_author_sends_content_and_only_the_territory_sees_it(
    rep: Writer, account_id: str, sign_in: Any
) -> None:
    data = picture(4_000)
    attachment_id = announce(rep, account_id, data)
    assert put(sign_in("manager@north"), attachment_id, 0, data).status_code == 403
    for stranger in ("rep2@north", "rep@south"):
        api = sign_in(stranger)
        assert put(api, attachment_id, 0, data).status_code == 404
        assert send(rep.api, attachment_id, data).json["complete"]
        for path in (f"/attachments/{attachment_id}", f"/attachments/{attachment_id}/content"):
            assert api.get(path).status_code == 404


def test_a_lost_territory_takes_the_content_away(rep: Writer, account_id: str, office: Office, sign_in: Any) -> None:
    data = picture(4_000)
    attachment_id = announce(rep, account_id, data)
    assert send(rep.api, attachment_id, data).json["complete"]
    admin = sign_in("admin@north")
    [territory] = admin.get(f"/territories?account_id={account_id}").json["data"]
    assert admin.delete(f"/territories/{territory['id']}").status_code == 204
    assert rep.api.get(f"/attachments/{attachment_id}/content").status_code == 404


def test_who_lost_the_account_still_sends_what_they_added(
    rep: Writer, account_id: str, office: Office, sign_in: Any
) -> None:
    data = picture(300_000)
    begun = announce(rep, account_id, data)
    assert put(rep.api, begun, 0, data[:MAX_CHUNK]).status_code == 200
    admin = sign_in("admin@north")
    [territory] = admin.get(f"/territories?account_id={account_id}").json["data"]
    assert admin.delete(f"/territories/{territory['id']}").status_code == 204
    kept = new_id()
    told = {
        "name": "pump.jpg",
        "media_type": "image/jpeg",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    answer = rep.write("attachment.add", id=kept, account_id=account_id, **told)
    assert put(rep.api, kept, 0, b"").status_code == 404
    assert admin.post(f"/drafts/{answer['draft']}/accept").status_code == 200
    nothing = put(rep.api, kept, 0, b"")  # so the phone asks whether it was accepted
    assert (nothing.status_code, nothing.json["type"].rpartition("/")[2]) == (409, "wrong-piece")
    for attachment_id in (begun, kept):
        assert send(rep.api, attachment_id, data).json == {"received": len(data), "complete": True}
        assert rep.api.get(f"/attachments/{attachment_id}").status_code == 404
        assert admin.get(f"/attachments/{attachment_id}/content").data == data


def test_each_user_has_so_much_room(rep: Writer, account_id: str, office: Office) -> None:
    kept = office.attachment(account_id, size=1_000_000_000 - 10)
    told = {"account_id": account_id, "name": "x", "media_type": "image/jpeg", "sha256": "a" * 64}
    assert rep.refused("attachment.add", id=new_id(), size=11, **told)["type"].endswith("/attachment-quota")
    assert rep.api.delete(f"/attachments/{kept}").status_code == 204
    rep.does("attachment.add", id=new_id(), size=11, **told)


def test_uploads_that_stopped_are_removed_in_time_and_no_others(rep: Writer, account_id: str, database: Any) -> None:
    data, job = picture(), ClaimedJob("1", None, FORGET, {}, 1, 1)
    begun, never, done = (announce(rep, account_id, data) for _ in range(3))
    send(rep.api, done, data)
    with clock.shifted(timedelta(days=10)):
        put(rep.api, begun, 0, data[:MAX_CHUNK])
    with clock.shifted(ABANDONED_AFTER + timedelta(minutes=1)):
        forget(database, job)
    assert {row["id"] for row in rep.rows("/attachments")} == {begun, done}
    with clock.shifted(ABANDONED_AFTER + timedelta(days=10, minutes=1)):
        forget(database, job)
    assert {row["id"] for row in rep.rows("/attachments")} == {done} and never not in {begun, done}


def test_pieces_that_are_sent_twice_at_once_are_taken_once(rep: Writer, account_id: str) -> None:
    data = picture()
    attachment_id = announce(rep, account_id, data)
    for start in range(0, len(data), MAX_CHUNK):
        piece = data[start : start + MAX_CHUNK]
        with ThreadPoolExecutor() as pool:
            sent = [pool.submit(put, rep.api, attachment_id, start, piece) for _ in range(3)]
            answers = [one.result() for one in sent]
        assert {answer.status_code for answer in answers} == {200}
        assert {answer.json["received"] for answer in answers} == {start + len(piece)}
    assert rep.api.get(f"/attachments/{attachment_id}/content").data == data
