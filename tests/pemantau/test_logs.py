"""What never stands in a log line, whoever writes it."""

import logging

import pytest

from pemantau import logs


def line(message: str, *args: object, **extra: object) -> str:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, message, args, extra.get("exc_info"))
    return logs.Formatter().format(record)


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("Not Found: /bukti/7K3M-Q2WD-9FTX-0HB8C/", "7K3M"),
        ("Not Found: /bukti/7k3mq2wd9ftx0hb8c/", "7k3m"),
        ("Bad Request: /api/v1/receipts/7K3MQ2WD9FTX0HB8C/", "7K3M"),
        ("receipt 7K3M-Q2WD-9FTX-0HB8C given", "Q2WD"),
        ("duplicate key\nDETAIL:  Key (email)=(sari@contoh.test) already exists.", "sari"),
        ('null value\nDETAIL:  Failing row contains (1, {"paslon_1": 101}).', "101"),
        ("mail to sari+x@contoh.co.id failed", "sari"),
        ("from 36.68.1.200:4711", "36.68.1.200"),
        ("from 2001:448a:1000::7 port", "448a"),
        ("from ::ffff:36.68.1.200", "36.68"),
        ("PUT /b/k?X-Amz-Signature=deadbeef&X-Amz-Credential=AKIA HTTP/1.1", "deadbeef"),
        ("{'Cookie': 'sessionid=abc; perangkat=def'}", "abc"),
        ("Authorization: Bearer abc", "Bearer"),
    ],
)
def test_it_is_scrubbed(said, secret):
    when, mark, written = line("%s", said).partition(f" INFO x {logs.correlation.get()} ")
    assert mark, when  # what stands before it is random: a time with "101" in it, a request's mark with "abc"
    assert secret in said
    assert secret not in written


@pytest.mark.parametrize(
    "said",
    [
        "photo 0f3a0f3a-1111-4222-8333-444455556666 moved to read at 14:03:38",
        "GET /hasil/contoh/ppwp/9101011001/ 200",
        "original 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 is missing",
        "Django 5.2.19, 12:30:00 to 13:00:00",
        "account 7: volunteer instead of citizen",
    ],
)
def test_what_operators_need_stays(said):
    assert line("%s", said).endswith(said)


def test_a_traceback_is_scrubbed_too():
    try:
        raise ValueError("sari@contoh.test")
    except ValueError as error:
        written = line("failed", exc_info=(type(error), error, error.__traceback__))
    assert "ValueError" in written
    assert "sari" not in written


def test_all_handlers_write_through_it(settings):
    assert {handler["formatter"] for handler in settings.LOGGING["handlers"].values()} == {"line"}
    assert settings.LOGGING["formatters"]["line"]["()"] == "pemantau.logs.Formatter"


@pytest.mark.django_db
def test_lines_of_one_request_carry_the_mark_of_its_answer(client, caplog):
    caplog.handler.setFormatter(logs.Formatter())
    response = client.get("/nowhere/")
    assert response["X-Request-ID"] in caplog.text
    assert client.get("/nowhere/")["X-Request-ID"] != response["X-Request-ID"]
