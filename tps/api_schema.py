"""What the answers of `tps/api.py` look like, for the schema; nothing is validated with these."""

from rest_framework import serializers


class ElectionRow(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    date = serializers.DateField()
    is_current = serializers.BooleanField()


class ElectionList(serializers.Serializer):
    results = ElectionRow(many=True)


class ElectionWithHashes(ElectionRow):
    rule_version = serializers.IntegerField(
        help_text="Which version of the consensus rule decided first; later ones stand in the ledger (`rule`)."
    )
    hashes = serializers.DictField(
        child=serializers.CharField(),
        help_text="By part: contests, dpt, forms, options, regions, tps_list; seats where known.",
    )


class ContestRow(serializers.Serializer):
    code = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    form_name = serializers.CharField()
    seats = serializers.IntegerField(allow_null=True, help_text="How many are elected; null: unknown.")
    area = serializers.ListField(child=serializers.CharField(), help_text="Codes of regions, or `nasional`.")


class ContestList(serializers.Serializer):
    count = serializers.IntegerField()
    page = serializers.IntegerField()
    pages = serializers.IntegerField()
    results = ContestRow(many=True)


class CandidateRow(serializers.Serializer):
    number = serializers.IntegerField()
    name = serializers.CharField()


class OptionRow(CandidateRow):
    candidates = CandidateRow(many=True)


class FormField(serializers.Serializer):
    key = serializers.CharField()
    group = serializers.CharField(help_text="The printed heading above it.")
    label = serializers.CharField(help_text="The printed label.")  # type: ignore[assignment]
    column = serializers.CharField(help_text="`L`, `P`, `J`, or empty.")
    boxes = serializers.IntegerField(help_text="Digit boxes.")


class FormPage(serializers.Serializer):
    number = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]
    variant = serializers.ChoiceField(choices=["plano", "salinan"])
    tag = serializers.IntegerField(allow_null=True, help_text="AprilTag 36h10 printed on it.")
    fields = FormField(many=True)  # type: ignore[assignment]


class FormRule(serializers.Serializer):
    id = serializers.CharField()
    formula = serializers.CharField()
    fields = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]
    title = serializers.CharField()
    severity = serializers.ChoiceField(choices=["hard", "soft"])
    source = serializers.CharField()  # type: ignore[assignment]


class ContestForm(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    confirmed = serializers.BooleanField(help_text="False: parts are inferred, not read from the form.")
    sha256 = serializers.CharField(help_text="Of its definition.")
    pages = FormPage(many=True)
    rules = FormRule(many=True)


class ContestWithForm(ContestRow):
    options = OptionRow(many=True)
    form = ContestForm()


class RegionRow(serializers.Serializer):
    code = serializers.CharField(help_text="2, 4, 6 or 10 digits, or `nasional`.")
    name = serializers.CharField()
    level = serializers.IntegerField(help_text="0 nation, 1 provinsi, 2 kabupaten/kota, 3 kecamatan, 4 kelurahan/desa.")


class RegionPart(RegionRow):
    stations = serializers.IntegerField(help_text="TPS in it.")
    registered_voters = serializers.IntegerField(help_text="Their DPT, as far as it is known.")
    dpt_known = serializers.IntegerField(help_text="TPS whose DPT is known.")


class StationRow(serializers.Serializer):
    code = serializers.CharField()
    number = serializers.IntegerField()
    region = serializers.CharField()
    registered_voters = serializers.IntegerField(allow_null=True)


class RegionWithParts(RegionRow):
    election = serializers.CharField()
    above = RegionRow(many=True)
    regions = RegionPart(many=True)
    stations = StationRow(many=True)


class PlaceRow(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    within = serializers.ListField(child=serializers.CharField(), help_text="What it lies in, nearest first.")
    type = serializers.ChoiceField(choices=["station", "region"])


class PlaceList(serializers.Serializer):
    election = serializers.CharField()
    results = PlaceRow(many=True)


class CentroidList(serializers.Serializer):
    name = serializers.ListField(child=serializers.CharField())
    code = serializers.ListField(child=serializers.IntegerField())
    latitude = serializers.ListField(child=serializers.IntegerField())
    longitude = serializers.ListField(child=serializers.IntegerField())


class ContestHere(serializers.Serializer):
    code = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    form_name = serializers.CharField()


class StationWithContests(StationRow):
    election = serializers.CharField()
    above = RegionRow(many=True)
    contests = ContestHere(many=True)
