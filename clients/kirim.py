"""Send photos of C.Hasil forms that lie on a disk to a Pemantau, and go on where it was interrupted.

    python3 kirim.py https://pemantau.example foto.csv   # columns: file, station, contest, page
    python3 kirim.py https://pemantau.example folder/    # files named 9801011001001_ppwp_2.jpg

Needs Python 3.9 and nothing else. What became of each photo stands in the state file. Run it again as often as you
like: what has its receipt is not sent again, what was begun goes on at the byte where it broke, what was refused is
tried once more. Exit code: 0 all have a receipt, 1 some do not. The protocol is in docs/uploading.md.
"""

import argparse
import collections
import contextlib
import csv
import hashlib
import http.client
import json
import os
import random
import re
import sys
import time
import urllib.request
from pathlib import Path

NAME = re.compile(r"(?P<station>\d{13})_(?P<contest>[a-z0-9-]+?)(_(?P<page>\d{1,2}))?\.\w+")
PIECE, TIMEOUT, LONGEST_WAIT = 256 * 1024, 60, 300  # bytes in one request, seconds, seconds
DOOR = urllib.request.OpenerDirector()  # a plain one: a "no" is an answer like any other
for handler in (urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    DOOR.add_handler(handler())
BROKEN = (OSError, http.client.HTTPException)


class Refused(Exception): ...  # the platform said no, and would say so again


def listed(source):
    """The photos of a CSV or a folder: file, station, contest, page; what is not named so is left out, and said."""
    if source.is_dir():
        for path in sorted(source.iterdir()):
            if found := NAME.fullmatch(path.name):
                yield {"file": path, **found.groupdict()}
            elif path.is_file():
                print(f"{path.name}: left out, its name is not TPS_contest_page.jpg")
    else:
        with source.open(newline="", encoding="utf-8-sig") as rows:
            for row in csv.DictReader(rows):
                yield {**row, "file": source.parent / row["file"]}


class Sender:
    """Knows what became of each photo, and the cookies by which the platform knows us; both are in the state file."""

    def __init__(self, address, state):
        self.api, self.state = address.rstrip("/") + "/api/v1/", state
        known = json.loads(state.read_text()) if state.exists() else {}
        self.cookies, self.photos = known.get("cookies", {}), known.get("photos", {})

    def save(self):
        beside = self.state.with_name(self.state.name + ".new")
        beside.write_text(json.dumps({"cookies": self.cookies, "photos": self.photos}, indent=1))
        os.replace(beside, self.state)  # never half of it

    def ask(self, method, path, body=None, headers=None):
        """Status, headers and JSON of the answer, however long it takes; status 0 where a piece broke on its way."""
        pause = 1.0
        while True:
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            sent = {"Content-Type": "application/json", "Cookie": cookies, **(headers or {})}
            request = urllib.request.Request(self.api + path, body, sent, method=method)
            wait = None
            try:
                with DOOR.open(request, timeout=TIMEOUT) as answer:
                    for cookie in answer.headers.get_all("Set-Cookie") or ():
                        name, _, value = cookie.split(";")[0].partition("=")
                        self.cookies[name] = value
                    text = answer.read()
                if answer.status != 429 and answer.status < 500:
                    return answer.status, answer.headers, json.loads(text) if text.startswith(b"{") else None
                wait = answer.headers.get("Retry-After")
            except BROKEN:
                if method == "PATCH":
                    return 0, {}, None
            time.sleep(min(int(wait) if wait else pause * random.uniform(0.5, 1.5), LONGEST_WAIT))
            pause = min(2 * pause, LONGEST_WAIT)

    def send(self, content, claim):
        """A photo's receipt. Raises `Refused`."""
        said = {**claim, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for _try in range(20):  # a ticket may end, bytes may change on their way: then anew
            status, _, told = self.ask("POST", "tickets/", json.dumps(said).encode())
            if status in (200, 201):
                if told["receipt"]:
                    return told["receipt"]
                self.save()  # with the same cookie we find the same ticket again
                self.bring(told, content)
                status, _, told = self.ask("POST", f"tickets/{told['ticket']}/finish/", b"")
                if status in (200, 201):
                    return told
            if not told or told["error"]["code"] not in ("incomplete", "wrong_hash", "unknown_ticket"):
                raise Refused(told["error"]["message"] if told else f"status {status}")
        raise Refused("the bytes never arrived as they are")

    def bring(self, ticket, content):
        """Bring the bytes, straight to the object store or in pieces. Finishing tells whether all are there."""
        if (way := ticket["direct"]) and ticket["offset"] == 0:
            request = urllib.request.Request(way["url"], content, way["headers"], method=way["method"])
            with contextlib.suppress(*BROKEN), DOOR.open(request, timeout=TIMEOUT) as answer:
                if answer.status == 200:
                    return  # else in pieces
        offset, path = ticket["offset"], f"tickets/{ticket['ticket']}/"
        while offset < len(content):
            headers = {"Content-Type": "application/partial-upload", "Upload-Offset": str(offset)}
            status, told, _ = self.ask("PATCH", path, content[offset : offset + PIECE], headers)
            if status == 0:  # some of it may have arrived
                status, told, _ = self.ask("GET", path)
            if status not in (200, 204, 409):
                return  # finishing says why
            offset = int(told["Upload-Offset"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help="where the platform is, such as https://pemantau.example")
    parser.add_argument("source", type=Path, help="a CSV file or a folder")
    parser.add_argument("--state", type=Path, default=Path("kirim.json"), help="what is done (default: kirim.json)")
    parser.add_argument("--dry-run", action="store_true", help="send nothing")
    options = parser.parse_args()
    sender, counts = Sender(options.address, options.state), collections.Counter()
    for photo in listed(options.source):
        path, claim = photo.pop("file"), {name: value for name, value in photo.items() if value}
        key, outcome = " ".join([str(path.resolve()), *claim.values()]), "sent before"
        if "receipt" not in sender.photos.get(key, {}):
            try:
                outcome, content = "would be sent", path.read_bytes()
                if not options.dry_run:
                    receipt = sender.send(content, claim)
                    outcome, sender.photos[key] = "sent", {name: receipt[name] for name in ("receipt", "url")}
            except (Refused, FileNotFoundError) as reason:
                outcome, sender.photos[key] = "refused", {"refused": str(reason)}
            if not options.dry_run:
                sender.save()
        counts[outcome] += 1
        print(f"{key}: {outcome} {' '.join(sender.photos.get(key, {}).values())}", flush=True)
    print(", ".join(f"{number} {what}" for what, number in counts.items()) or "nothing to send")
    return 1 if counts["refused"] else 0


if __name__ == "__main__":
    sys.exit(main())
