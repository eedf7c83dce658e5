"""A small invented world for tests: one province, two villages, five TPS, one presidential contest, some people.

Call `build()` inside a test with a database; it writes rows directly and knows nothing of importers.
"""

import datetime
from dataclasses import dataclass, field

from accounts import onboarding
from accounts.models import Device, Role, User
from tps import extents, names
from tps.models import Contest, Election, Option, PollingStation, Region

VILLAGES = {"9101011001": 3, "9101011002": 2}  # village code -> number of TPS


@dataclass
class World:
    election: Election
    contest: Contest
    stations: dict[str, PollingStation]  # by 13-digit code
    people: dict[str, User] = field(default_factory=dict)

    @property
    def station(self) -> PollingStation:
        return self.stations["9101011001001"]

    def person(self, name: str, role: str = Role.VOLUNTEER, **fields: object) -> User:
        """A person by first name, who has practised; the same name gives the same person."""
        if name not in self.people:
            self.people[name] = User.objects.create_user(
                f"{name.lower()}@contoh.test", "kata-sandi-contoh", role=role, **(onboarding.experienced() | fields)
            )
        return self.people[name]

    def device(self) -> Device:
        return Device.objects.create()


def build() -> World:
    nation = Region.objects.get_or_create(code="", defaults={"level": 0, "name": "Indonesia"})[0]
    province = Region.objects.create(code="91", level=1, name="Contoh Raya", parent=nation)
    regency = Region.objects.create(code="9101", level=2, name="Kabupaten Melati", parent=province)
    district = Region.objects.create(code="910101", level=3, name="Anggrek", parent=regency)
    election = Election.objects.create(
        code="contoh", name="Pemilu Contoh", date=datetime.date(2029, 2, 14), is_current=True
    )
    stations = {}
    for number, (code, size) in enumerate(VILLAGES.items(), start=1):
        village = Region.objects.create(code=code, level=4, name=f"Desa {number}", parent=district)
        for tps in range(1, size + 1):
            station = PollingStation.objects.create(
                election=election, region=village, number=tps, code=f"{code}{tps:03d}", registered_voters=250
            )
            stations[station.code] = station
    contest = Contest.objects.create(
        election=election, code="ppwp", kind=Contest.Kind.PPWP, name="Presiden dan Wakil Presiden", form="c-hasil-ppwp"
    )
    for number in (1, 2, 3):
        Option.objects.create(contest=contest, number=number, name=f"Paslon {number}")
    extents.recount(election)
    names.renew()
    return World(election, contest, stations)
