"""The encryption that phones undo: the vector of RFC 8291, and every size that we send."""

import os
from typing import Any

import http_ece
import pytest
import pywebpush
from cryptography.hazmat.primitives.asymmetric import ec

from app.push.keys import auth_fault, base64url, from_base64url, p256dh_fault
from app.push.web_push import MOST_ON_THE_WIRE, MOST_PLAIN, Subscription, encrypted, topic_of
from tests.support.push_service import Browser

# RFC 8291, appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RECEIVER_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
SALT, AUTH = "DGv6ra1nlYgDCS1FRnbzlw", "BTBZMqHH6r4Tts7J_aSIgg"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(from_base64url(text), "big"), ec.SECP256R1())


def test_the_vector_of_rfc_8291_comes_out_byte_for_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    class FixedKey:
        SECP256R1 = ec.SECP256R1
        generate_private_key = staticmethod(lambda *_args: private_key(SENDER))

    class FixedSalt:
        urandom = staticmethod(lambda _size: from_base64url(SALT))

    monkeypatch.setattr(pywebpush, "ec", FixedKey)
    monkeypatch.setattr(http_ece, "os", FixedSalt)
    body = encrypted(Subscription("https://push.example/", RECEIVER_PUBLIC, AUTH), PLAIN)
    assert base64url(body) == BODY


def test_the_vector_is_read_back() -> None:
    browser = Browser("https://push.example/", private_key(RECEIVER), from_base64url(AUTH))
    assert browser.to_json()["keys"] == {"p256dh": RECEIVER_PUBLIC, "auth": AUTH}
    assert browser.decrypt(from_base64url(BODY)) == PLAIN


@pytest.mark.parametrize("size", [1, 100, MOST_PLAIN])
def test_what_is_sent_is_what_is_read_in_no_more_than_every_service_takes(size: int) -> None:
    browser, plain = Browser("https://push.example/"), os.urandom(size)
    body = encrypted(subscription_of(browser), plain)
    assert browser.decrypt(body) == plain and len(body) == size + 103 <= MOST_ON_THE_WIRE


def subscription_of(browser: Browser) -> Subscription:
    return Subscription(browser.endpoint, **browser.to_json()["keys"])


def test_keys_that_no_message_can_be_encrypted_for_are_named() -> None:
    good = Browser("https://push.example/").to_json()["keys"]
    assert p256dh_fault(good["p256dh"]) is None and auth_fault(good["auth"]) is None
    off_the_curve = base64url(b"\x04" + b"\x01" * 64)
    assert p256dh_fault(off_the_curve) == "The point is not on the curve P-256."
    assert p256dh_fault(base64url(b"\x02" * 33)) == "Not an uncompressed point of 65 bytes."
    assert p256dh_fault("no/base64+url") == "Not base64url."
    assert auth_fault(base64url(b"x" * 15)) == "15 bytes; an authentication secret has 16."
    with pytest.raises(ValueError):
        encrypted(Subscription("https://push.example/", off_the_curve, good["auth"]), b"x")


def test_a_topic_names_a_row_in_22_characters() -> None:
    first, second = (topic_of(f"0193d5a0-0000-7000-8000-00000000000{n}") for n in (1, 2))
    assert len(first) == 22 and first != second


def test_neither_the_private_key_nor_an_endpoint_is_shown(capsys: Any) -> None:
    assert "push.example" not in repr(subscription_of(Browser("https://push.example/secret")))
