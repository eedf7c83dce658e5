"""Cutting one region's election out of the reference data."""

import csv
import gzip
import io

from pemantau.replay import elections
from pemantau.replay.elections import Election


def packed(path, text):
    with gzip.open(path, "wt") as file:
        file.write(text)


def test_only_the_region_is_imported_with_everything_above_it(tmp_path):
    packed(
        tmp_path / "wilayah.csv.gz",
        "code,parent_code,level,name,overseas\n18,,1,LAMPUNG,0\n1808,18,2,WAY KANAN,0\n1809,18,2,LAIN,0\n"
        '180801,1808,3,"UMPU, BLAMBANGAN",0\n1808011001,180801,4,BLAMBANGAN,0\n1808011002,180801,4,LAIN,0\n',
    )
    packed(
        tmp_path / "results_ppwp.csv.gz",
        "tps_code,paslon1,dpt\n1808011001001,1,200\n1808011001002,1,\n1808011001004,1,7\n1809011001001,1,9\n",
    )
    ran = []
    folder = tmp_path / "import"
    stations = elections.stations_in(tmp_path / "results_ppwp.csv.gz", "1808")
    assert stations == ["1808011001001", "1808011001002", "1808011001004"]
    elections.add(lambda *words: ran.append(words), Election("way-kanan", "Way Kanan"), stations, tmp_path, folder)

    assert [words[0] for words in ran] == ["import_regions", "import_election", "import_stations", "import_dpt"]
    regions = list(csv.DictReader(io.StringIO((folder / "regions.csv").read_text())))
    assert [row["code"] for row in regions] == ["18", "1808", "180801", "1808011001"]
    assert regions[2]["name"] == "UMPU, BLAMBANGAN"
    assert (folder / "stations.csv").read_text() == "kelurahan_code,first_no,last_no\n1808011001,1,2\n1808011001,4,4\n"
    assert (folder / "dpt.csv").read_text() == "tps_code,dpt\n1808011001001,200\n1808011001004,7\n"
