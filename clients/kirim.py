"""Send photos of C.Hasil forms that lie on a disk to a Pemantau. Run it again, and it goes on where it was interrupted.
    python3 kirim.py https://pemantau.example foto.csv   # columns: file, station, contest, page
    python3 kirim.py https://pemantau.example folder/    # files named 9801011001001_ppwp_2.jpg
Needs Python 3.9 and nothing else. Exit code: 0 all have a receipt, 1 some do not. Protocol: docs/uploading.md."""

import argparse
import contextlib
import csv
import http.client
import json
import re
import signal
import sys
import time
import urllib.request
from hashlib import sha256
from pathlib import Path

NAME = re.compile(r"(?P<station>\d{13})_(?P<contest>[a-z0-9-]+?)(_(?P<page>\d{1,2}))?\.\w+")
LARGEST, SMALLEST, TIMEOUT, LONGEST_PAUSE = 256 * 1024, 16 * 1024, 60, 300  # bytes, bytes, seconds, seconds
DOOR = urllib.request.OpenerDirector()  # a plain one: a "no" is an answer like any other
for handler in (urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    DOOR.add_handler(handler())
TAKEN, BUSY, BROKEN = (200, 201), (429, 500, 502, 503, 504), (OSError, http.client.HTTPException)
ODD = (AttributeError, IndexError, KeyError, TypeError, ValueError)  # what reading something that is not ours ends in


def listed(source):  # the photos of a CSV or a folder: file, station, contest, page
    if source.is_dir():
        for path in sorted(source.iterdir()):
            if found := NAME.fullmatch(path.name):
                yield {"file": path, **found.groupdict()}
            elif path.is_file():
                print(f"{path.name}: left out, its name is not TPS_contest_page.jpg")
        return
    lines = source.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    for row in csv.DictReader(lines, delimiter=";" if ";" in lines[0] else ","):
        yield {**row, "file": source.parent / (row["file"] or "")}


class Sender:  # its state file knows what became of each photo, and the cookies by which the platform knows us
    def __init__(self, address, state, give_up):
        self.api, self.state, self.give_up = address.rstrip("/") + "/api/v1/", state, give_up
        known = json.loads(state.read_text()) if state.exists() else {}
        self.cookies, self.photos = dict(known.get("cookies", {})), dict(known.get("photos", {}))

    def save(self):
        (beside := Path(f"{self.state}.new")).write_text(json.dumps({"cookies": self.cookies, "photos": self.photos}))
        beside.replace(self.state)  # never half of it

    def wait(self, why, seconds=None):  # as long as asked, else longer each time; but not for ever without progress
        seconds = int(seconds or min(2**self.tries, LONGEST_PAUSE))
        if time.monotonic() + seconds > self.moved + self.give_up:
            raise TimeoutError(why)
        print(f"{why}, going on in {seconds} s", file=sys.stderr, flush=True)
        time.sleep(seconds)
        self.tries += 1

    def ask(self, method, path, body, more=None):  # status, headers, JSON of the answer; status 0: a piece broke
        headers = {"Content-Type": "application/json", **(more or {})}
        while True:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            request = urllib.request.Request(self.api + path, body, headers, method=method)
            try:
                with DOOR.open(request, timeout=TIMEOUT) as answer:
                    status, told, text = answer.status, answer.headers, answer.read()
            except BROKEN as reason:
                if method == "PATCH":
                    return 0, {}, None
                self.wait(f"no answer ({reason})")
                continue
            self.cookies.update(one.split(";")[0].split("=", 1) for one in told.get_all("Set-Cookie", ()))
            if status in BUSY:
                self.wait(f"busy (status {status})", told.get("Retry-After"))
            elif status == 428 and "Proof" not in headers:  # alarm mode: strangers do a little work for each photo
                challenge, rest = told["Proof-Challenge"], 256 - int(told["Proof-Bits"])
                tries = (f"{challenge}:{nonce}" for nonce in range(2**40))
                headers["Proof"] = next(one for one in tries if int(sha256(one.encode()).hexdigest(), 16) >> rest == 0)
            else:
                return status, told, json.loads(text) if text.startswith(b"{") else None

    def send(self, content, claim):  # what became of a photo, and what to keep of it
        said = {**claim, "size": len(content), "sha256": sha256(content).hexdigest()}
        self.moved, self.tries, self.reached = time.monotonic(), 0, -1
        while True:  # a ticket may end, bytes may be lost or change on their way: asking again tells where to go on
            status, _, told = self.ask("POST", "tickets/", json.dumps(said).encode())
            if status in TAKEN and told["receipt"]:
                told = told["receipt"]
            elif status in TAKEN:
                self.save()  # with the same cookie we find the same ticket again
                self.bring(told, content)
                status, _, told = self.ask("POST", f"tickets/{told['ticket']}/finish/", b"")
            if status in TAKEN:
                return "sent", {name: told[name] for name in ("receipt", "url")}
            if told["error"]["code"] not in ("incomplete", "wrong_hash", "unknown_ticket"):
                return "refused", {"refused": told["error"]["message"]}
            self.wait("not all bytes arrived")

    def bring(self, ticket, content):  # straight to the object store or in pieces; finishing tells what arrived
        offset, path = ticket["offset"], f"tickets/{ticket['ticket']}/"
        if (way := ticket["direct"]) and offset == 0:
            request = urllib.request.Request(way["url"], content, way["headers"], method=way["method"])
            with contextlib.suppress(*BROKEN), DOOR.open(request, timeout=TIMEOUT) as answer:
                offset = len(content) if answer.status == 200 else 0  # then in pieces
        while offset < len(content):
            if offset > self.reached:  # where nothing arrives, pieces become smaller
                self.moved, self.tries, self.reached = time.monotonic(), self.tries // 2, offset
            more = {"Content-Type": "application/partial-upload", "Upload-Offset": str(offset)}
            status, told, _ = self.ask("PATCH", path, content[offset:][: max(SMALLEST, LARGEST >> self.tries)], more)
            if status != 204:
                return
            offset = int(told["Upload-Offset"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help="where the platform is, such as https://pemantau.example")
    parser.add_argument("source", type=Path, help="a CSV file or a folder")
    parser.add_argument("--state", type=Path, default=Path("kirim.json"), help="what is done (default: kirim.json)")
    parser.add_argument("--give-up", type=float, default=3600, help="after so many seconds (3600) without progress")
    parser.add_argument("--dry-run", action="store_true", help="send nothing")
    options, counts = parser.parse_args(), {}
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # what is done is in the state file
    if not re.match("https?://[^/]", options.address):
        parser.error("the address begins with https:// or http://")
    try:
        sender, photos = Sender(options.address, options.state, options.give_up), list(listed(options.source))
    except (OSError, csv.Error, *ODD) as wrong:
        parser.error(f"list or state file is not what it should be: {wrong!r}")
    for photo in photos:
        claim = {name: photo[name] for name in ("station", "contest", "page") if photo.get(name)}
        key = " ".join([str(photo["file"].absolute()), *claim.values()])
        fits = photo["file"].is_file() and re.fullmatch("[0-9]{13}", claim.get("station", ""))
        outcome = "sent before" if "receipt" in sender.photos.get(key, {}) else "would be sent" if fits else "unusable"
        if outcome != "sent before" and not options.dry_run:
            try:
                outcome, sender.photos[key] = sender.send(photo["file"].read_bytes(), claim)
            except (OSError, *ODD) as reason:
                outcome = "left for the next run" if isinstance(reason, TimeoutError) else "refused"
                why = reason if isinstance(reason, OSError) else f"this is no answer of a Pemantau ({reason!r})"
                sender.photos[key] = {outcome: str(why)}
            sender.save()
        counts[outcome] = counts.get(outcome, 0) + 1
        print(f"{key}: {outcome} {' '.join(sender.photos.get(key, {}).values()) * (not options.dry_run)}", flush=True)
    print(", ".join(f"{number} {what}" for what, number in counts.items()) or "nothing to send")
    return 1 if {"refused", "left for the next run"} & counts.keys() else 0


if __name__ == "__main__":
    sys.exit(main())
