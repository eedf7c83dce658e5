"""Documents of regions as maps, charts and cards get them, without a database."""

OPTIONS = [{"key": f"paslon_{n}", "number": n, "name": f"Paslon {n}"} for n in (1, 2, 3)]


def child(code="11", name="Aceh", votes=(50, 30, 20), counted=5, stations=10, **counts):
    return {
        "code": code,
        "name": name,
        "stations": stations,
        "registered_voters": 0,
        "sums": {f"paslon_{n}": number for n, number in enumerate(votes, start=1)},
        "counts": {"counted": counted, "received": counted, "complete": counted, "disputed": 0, "excluded": 0} | counts,
    }


def document(children=(), options=OPTIONS, code="nasional", name="Indonesia", **fields):
    """A region's document of these children; its own sums are theirs."""
    keys = [option["key"] for option in options]
    sums = {key: sum(one["sums"].get(key, 0) for one in children) for key in keys}
    total = sum(sums.values())
    stations, counted = (sum(numbers) for numbers in zip(*map(_counts, children), strict=True)) if children else (0, 0)
    return {
        "election": {"code": "contoh", "name": "Pemilu Contoh", "date": "2029-02-14"},
        "contest": {"code": "ppwp", "name": "Presiden dan Wakil Presiden", "kind": "ppwp"},
        "region": {"code": code, "name": name, "level": "nasional"},
        "path": [],
        "version": 7,
        "cut": 70,
        "changed_at": "2029-02-14T08:00:00Z",
        "options": list(options),
        "stations": stations,
        "registered_voters": 0,
        "sums": sums,
        "shares": {key: sums[key] / total if total else None for key in keys},
        "stations_behind": dict.fromkeys(keys, counted),
        "counts": {"counted": counted},
        "coverage": {"counted": counted / stations if stations else None},
        "children_level": "provinsi",
        "children": list(children),
    } | fields


def _counts(one):
    return one["stations"], one["counts"]["counted"]


def parties(number=18):
    return [{"key": f"partai_{n}", "number": n, "name": f"Partai {n}"} for n in range(1, number + 1)]
