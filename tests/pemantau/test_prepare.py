"""`manage.py prepare` and the bucket that browsers put photos into; what the test server has no notion of is played."""

from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from pemantau.management.commands import prepare


def failing(status: int) -> Mock:
    return Mock(side_effect=ClientError({"ResponseMetadata": {"HTTPStatusCode": status}, "Error": {}}, "cors"))


@pytest.fixture
def said() -> list[str]:
    return []


def test_our_pages_may_put_into_a_bucket_without_rules(settings, said):
    settings.SITE_ORIGIN = "https://pemantau.example"
    client = Mock(get_bucket_cors=failing(404))
    prepare._let_our_pages_put(client, "pemantau-sealed", said.append)
    (rule,) = client.put_bucket_cors.call_args.kwargs["CORSConfiguration"]["CORSRules"]
    assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == (["https://pemantau.example"], ["PUT"])
    assert set(rule["AllowedHeaders"]) == {"content-type", "x-amz-checksum-sha256"}
    assert said == []


def test_rules_that_are_there_are_the_operators(said):
    client = Mock()
    prepare._let_our_pages_put(client, "pemantau-sealed", said.append)
    client.put_bucket_cors.assert_not_called()
    assert said == []


@pytest.mark.parametrize(
    "server", [{"get_bucket_cors": failing(501)}, {"get_bucket_cors": failing(404), "put_bucket_cors": failing(409)}]
)
def test_a_store_without_such_rules_is_said_and_stops_nothing(said, server):
    prepare._let_our_pages_put(Mock(**server), "pemantau-sealed", said.append)
    assert "docs/operations.md" in said[0]
