"""The shapes of the transcription API, for checking and for the OpenAPI description."""

from rest_framework import serializers

from accounts.fields import WholeNumber
from transcription import entries, rulings
from transcription.models import Problem, Ruling
from uploads.marks import Mark


class PhotoToRead(serializers.Serializer):
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    pictures = serializers.DictField(
        child=serializers.CharField(),
        help_text="Address by longer side in pixels: the lease's own, for who holds it. Which photo it is is not said.",
    )


class ContestToRead(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()


class StationToRead(serializers.Serializer):
    code = serializers.CharField()
    place = serializers.ListField(child=serializers.CharField(), help_text="From the TPS up to the province.")


class Village(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()


class Choice(serializers.Serializer):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class FieldOfPage(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    group = serializers.CharField()
    column = serializers.CharField(allow_blank=True)
    boxes = serializers.IntegerField()


class PageOfForm(serializers.Serializer):
    number = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]
    variant = serializers.ChoiceField(["plano", "salinan"])
    fields = FieldOfPage(many=True)  # type: ignore[assignment]


class Form(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    pages = PageOfForm(many=True)


class Task(serializers.Serializer):
    """A photo to read, and the form to read it by. Nothing of what others read."""

    id = serializers.UUIDField(help_text="The lease.")
    expires_at = serializers.DateTimeField()
    photo = PhotoToRead()
    contest = ContestToRead()
    villages = Village(many=True, help_text="One of them may be the one that is written on the form.")
    form = Form()
    page = serializers.IntegerField(
        allow_null=True, help_text="What the tag printed on it says, where one was found: a hint, to be checked."
    )
    boxes = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=6, max_length=6),
        help_text="By field of that page: x and y of the upper left, upper right and lower left corner of its digit "
        "boxes, in pixels of the photo; empty where they were not found.",
    )
    header = serializers.ListField(
        child=serializers.IntegerField(),
        max_length=6,
        help_text="The same corners of where village and TPS number are written, about; empty where not found.",
    )
    problems = Choice(many=True)


class HeldTask(serializers.Serializer):
    id = serializers.UUIDField()
    expires_at = serializers.DateTimeField()


class HeldTasks(serializers.Serializer):
    reader = serializers.IntegerField(help_text="Whose they are: who is signed in.")
    tasks = HeldTask(many=True)


class Taking(serializers.Serializer):
    ahead = serializers.BooleanField(default=False, help_text="One more than one holds.")


class ReadingForm(serializers.Serializer):
    """`page`, `numbers` and `tps`, or `problem`."""

    page = WholeNumber(required=False, allow_null=True, min_value=1, max_value=99)
    numbers = serializers.JSONField(
        required=False,
        allow_null=True,
        help_text='All fields of the page: a number from 0 to 999, "kosong" or "tidak_terbaca".',
    )
    problem = serializers.ChoiceField(Problem.choices, required=False, allow_blank=True)
    tps = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=13,
        help_text="The TPS that is written on the form: its village's code and its number in three digits, "
        '"desa_lain" (none of `villages`) or "tidak_terbaca".',
    )

    def reading(self) -> entries.Reading:
        sent = self.validated_data
        return entries.Reading(sent.get("page"), sent.get("numbers"), sent.get("problem") or "", sent.get("tps") or "")


class SendersNumbers(serializers.Serializer):
    page = WholeNumber(min_value=1, max_value=99)
    numbers = serializers.JSONField(
        help_text='Fields of the page, at least one: a number from 0 to 999, "kosong" or "tidak_terbaca".'
    )

    def reading(self) -> entries.Reading:
        return entries.Reading(self.validated_data["page"], self.validated_data["numbers"])


class Stored(serializers.Serializer):
    id = serializers.UUIDField()


class Slip(serializers.Serializer):
    """One rule of the form that the numbers break. The paper's numbers are sent all the same."""

    rule = serializers.CharField()
    sentence = serializers.CharField()
    formula = serializers.CharField()
    inputs = serializers.DictField(child=serializers.IntegerField())
    difference = serializers.IntegerField()


class Slips(serializers.Serializer):
    slips = Slip(many=True)


# --- Adjudicators -----------------------------------------------------------------------------


class CaseInList(serializers.Serializer):
    photo = serializers.UUIDField()
    since = serializers.DateTimeField()
    why = serializers.CharField()
    station = serializers.CharField()
    contest = serializers.CharField()


class CasesList(serializers.Serializer):
    cases = CaseInList(many=True)


class CaseEntry(serializers.Serializer):
    reader = serializers.CharField(help_text="A pseudonym within this case.")
    source = serializers.CharField()  # type: ignore[assignment]
    page = serializers.IntegerField(allow_null=True)
    numbers = serializers.JSONField(allow_null=True)
    problem = serializers.CharField(allow_blank=True)
    tps = serializers.CharField(allow_blank=True, help_text="The TPS that they read from the form.")
    counts = serializers.BooleanField(help_text="False where it was read before the last reopening.")


class CaseRuling(serializers.Serializer):
    adjudicator = serializers.CharField()
    verdict = serializers.ChoiceField(Ruling.Verdict.choices)
    reason = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    page = serializers.IntegerField(allow_null=True)
    numbers = serializers.JSONField(allow_null=True)
    station = serializers.CharField(allow_null=True)


class MarkOfPhoto(serializers.Serializer):
    code = serializers.ChoiceField(Mark.values)
    sentence = serializers.CharField()


class CaseBody(serializers.Serializer):
    photo = PhotoToRead()
    contest = ContestToRead()
    station = StationToRead()
    why = serializers.CharField(allow_blank=True)
    marks = MarkOfPhoto(many=True, help_text="Why to look twice.")
    entries = CaseEntry(many=True)
    rulings = CaseRuling(many=True)
    version = serializers.IntegerField(help_text="Of the decision that stands; 0 where there is none yet.")
    form = Form()


class AskedFirst(serializers.Serializer):
    """What an adjudicator is to look for themselves: `fields` of `page`, the TPS where there are `villages`."""

    photo = PhotoToRead()
    page = serializers.IntegerField(allow_null=True)
    fields = FieldOfPage(many=True)  # type: ignore[assignment]
    villages = Village(many=True)


class FirstLookForm(serializers.Serializer):
    """`numbers` of the fields that are asked for and `tps` where it is, or `problem`."""

    numbers = serializers.JSONField(required=False, allow_null=True)
    problem = serializers.CharField(required=False, allow_blank=True, max_length=12, help_text="As in an entry.")
    tps = serializers.CharField(required=False, allow_blank=True, max_length=13, help_text="As in an entry.")

    def reading(self) -> entries.Reading:
        sent = self.validated_data
        return entries.Reading(None, sent.get("numbers"), sent.get("problem") or "", sent.get("tps") or "")


class Looked(serializers.Serializer):
    photo = serializers.UUIDField()


class RulingForm(serializers.Serializer):
    verdict = serializers.ChoiceField(Ruling.Verdict.choices)
    reason = serializers.CharField(max_length=12)
    page = WholeNumber(required=False, allow_null=True, min_value=1, max_value=99)
    numbers = serializers.JSONField(required=False, allow_null=True)
    station = serializers.CharField(required=False, allow_blank=True, max_length=13)
    note = serializers.CharField(required=False, allow_blank=True, max_length=rulings.LONGEST_NOTE)
    version = WholeNumber(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=999_999_999,
        help_text="Of the decision that you saw; where another one was made since, nothing is stored.",
    )
