"""Signed notes: exactly the published format, and nothing else passes."""

from base64 import b64decode, b64encode

import pytest

from uploads import notes

# The example of the specification (C2SP signed-note, golang.org/x/mod/sumdb/note).
SEED = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:].hex()
KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n— PeterNeumann {SIGNATURE}\n"

OURS = notes.private_key("pemantau.example/receipts", "11" * 32)


def test_the_example_of_the_specification():
    key = notes.private_key("PeterNeumann", SEED)
    assert str(key.public) == KEY
    assert notes.public_key(KEY) == key.public
    assert notes.sign(TEXT, key) == NOTE
    assert notes.verify(NOTE, [key.public]) == (TEXT, key.public)
    of_the_document = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    assert str(notes.public_key(of_the_document)) == of_the_document


def test_a_real_logs_checkpoint(shared):
    folder = shared / "vectors" / "tessera_log"
    checkpoint, key = (
        (folder / "checkpoint").read_text(),
        "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
    )
    text, signed_by = notes.verify(checkpoint, [notes.public_key(key)])
    assert checkpoint.startswith(text)
    assert str(signed_by) == key


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace("problem,", "problem;"),
        lambda note: note.replace("x08go/ZJ", "x08go/ZK"),
        lambda note: note.replace("— PeterNeumann", "— PeterNeuman"),
        lambda note: note.replace("— ", "- "),
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note.rstrip("\n"),
        lambda note: note + "\n",
        lambda note: note + "more\n",
        lambda note: note.replace("\n", "\r\n"),
        lambda note: "\x00" + note,
        lambda note: "\ud800" + note,
        lambda note: note + note.splitlines(keepends=True)[-1] * notes.MOST_SIGNATURES,
        lambda note: "",
        lambda note: "\n\n",
    ],
)
def test_what_was_changed_is_not_signed(change):
    with pytest.raises(notes.NotSigned):
        notes.verify(change(NOTE), [notes.public_key(KEY)])


def test_others_may_sign_too_but_a_wrong_signature_by_a_known_key_counts_against_it():
    others = notes.sign(TEXT, OURS).splitlines(keepends=True)[-1]
    assert notes.verify(NOTE + others, [notes.public_key(KEY)])[1] == notes.public_key(KEY)
    assert notes.verify(NOTE + others, [OURS.public])[1] == OURS.public
    wrong = f"— {OURS.name} {b64encode(OURS.public.hash + bytes(64)).decode()}\n"
    with pytest.raises(notes.NotSigned):
        notes.verify(NOTE + wrong, [notes.public_key(KEY), OURS.public])


def test_keys_that_are_none():
    for seed in ("", "11" * 31, "g" * 64, "AB" * 32):
        with pytest.raises(notes.WrongKey) as refused:
            notes.private_key("a", seed)
        assert not seed or seed not in str(refused.value)
    for name in ("", "a b", "a+b"):
        with pytest.raises(notes.WrongKey):
            notes.private_key(name, "11" * 32)
    for text in ("", "a", "a+b+c", KEY.replace("c74f20a3", "c74f20a4"), KEY.replace("+ARpc", "+AhPc"), KEY[:-4]):
        with pytest.raises(notes.WrongKey):
            notes.public_key(text)


def test_a_private_key_does_not_show_itself():
    assert "11" * 4 not in repr(OURS)


@pytest.mark.parametrize("text", ["", "no line break", "a\tb\n", "\x7f\x00\n"])
def test_a_text_that_cannot_be_signed(text):
    with pytest.raises(ValueError, match="whole lines"):
        notes.sign(text, OURS)
