"""The account of a play, for people and for programs."""

from collections.abc import Callable, Sequence
from typing import Any

from pemantau.replay.play import Account

SHOWN_DIFFERENCES = 20
LATENCIES = ("upload", "take", "submit", "ruling", "region document", "TPS document", "receipt to public")


def percentile(seconds: Sequence[float], share: float) -> float:
    """The value below which this share of the measurements lies; 0 for none."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def tell(account: Account, say: Callable[[str], None]) -> None:
    """Print rates, latencies and differences."""
    say(f"{account.title}: {account.tps} TPS, {account.photos} photos, {account.entries} entries "
        f"({account.slips} with a slip), {account.rulings} rulings in {account.seconds:.0f} s")  # fmt: skip
    if account.seconds and account.sending_seconds:
        sent = account.photos / account.sending_seconds
        say(f"  {sent:.1f} photos/s while sending, {account.entries / account.seconds:.1f} entries/s overall")
    for kind in (*LATENCIES, "last entry to public"):
        if times := account.watch.seconds.get(kind):
            half, most = percentile(times, 0.5), percentile(times, 0.95)
            say(f"  {kind}: p50 {_time(half)}, p95 {_time(most)} ({len(times)} measured)")
    if waits := account.watch.seconds.get("asked to wait"):
        say(f"  asked to wait {len(waits)} times")
    say(f"  public pages and pictures opened: {account.pages}")
    say(f"  differences: {len(account.differences)}")
    for difference in account.differences[:SHOWN_DIFFERENCES]:
        say(f"    {difference}")


def summary(account: Account) -> dict[str, Any]:
    """The same for a JSON line."""
    return {
        "title": account.title,
        "tps": account.tps,
        "photos": account.photos,
        "entries": account.entries,
        "slips": account.slips,
        "rulings": account.rulings,
        "pages": account.pages,
        "seconds": round(account.seconds, 1),
        "differences": len(account.differences),
        "milliseconds": {
            kind.replace(" ", "_"): {
                "p50": round(1000 * percentile(times, 0.5), 1),
                "p95": round(1000 * percentile(times, 0.95), 1),
            }
            for kind in (*LATENCIES, "last entry to public")
            if (times := account.watch.seconds.get(kind))
        },
    }


def _time(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 2 else f"{seconds:.1f} s"
