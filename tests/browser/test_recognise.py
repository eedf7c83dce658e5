"""The page tag in a real browser: real photos, what may happen to them, and what the sender is asked at once."""

import base64
import gzip
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from tests.uploads.test_page_tags import jpeg, real, sheet
from uploads import tag_reader
from uploads.models import Photo

STATIC = Path(__file__).resolve().parents[2] / "static" / "uploads"
RECOGNITION = ("tag.js", "tag_codes.js", "recognise.js")
SEND = "/kirim/9101011001001/"
RECOGNISE = """async (photo) => {
    const { recognise } = await import("/static/uploads/recognise.js");
    const bytes = Uint8Array.from(atob(photo), (character) => character.charCodeAt(0));
    return recognise(new Blob([bytes]));
}"""
INSECURE = "Object.defineProperty(window, 'isSecureContext', { value: false })"


@pytest.fixture
def citizen(somebody):
    """On the sending page, whose security policy holds; without a secure connection its plain form does the work."""
    person = somebody()
    person.page.add_init_script(INSECURE)
    person.goes_to(SEND)
    return person


def looked_at(person, photo: bytes | Image.Image):
    content = jpeg(photo) if isinstance(photo, Image.Image) else photo
    return person.page.evaluate(RECOGNISE, base64.b64encode(content).decode())


def test_all_of_it_weighs_at_most_8_kb():
    assert sum(len(gzip.compress((STATIC / name).read_bytes(), 9)) for name in RECOGNITION) <= 8000


def test_its_codes_are_the_familys_as_the_form_prints_them(citizen):
    codes = citizen.page.evaluate('async () => (await import("/static/uploads/tag_codes.js")).CODES')
    assert {101, 102, 103, 501} <= {tag for tag, _ in codes}
    for tag, code in codes:
        module = np.rot90(tag_reader.cv2.aruco.generateImageMarker(tag_reader.FAMILY, tag, 8), 2)[1:7, 1:7]
        assert f"{int(code, 16):036b}" == "".join("1" if white else "0" for white in module.flatten()), tag


def test_of_the_real_photos_none_is_read_wrongly_and_hardly_any_not_at_all(citizen, shared):
    right, blurred, dark = 0, 0, 0
    for path, page in real(shared):
        said = looked_at(citizen, path.read_bytes())
        tag = said["tag"]
        assert tag is None or (tag["id"], tag["turn"]) == (100 + page, 0), path.name
        right += tag is not None
        blurred += said["blurred"]
        dark += said["dark"]
    assert citizen.page.workers  # not this thread
    assert right >= 118
    assert blurred <= 6
    assert dark == 0


def test_turned_blurred_dark_and_painted_out(citizen, shared):
    for path, page in real(shared)[::12]:
        with Image.open(path) as file:
            picture = file.convert("RGB")
        for turn in (1, 2, 3):
            tag = looked_at(citizen, picture.rotate(-90 * turn, expand=True))["tag"]
            assert (tag["id"], tag["turn"]) == (100 + page, turn), path.name
        corners = np.array(looked_at(citizen, picture)["tag"]["corners"])
        assert np.abs(corners - tag_reader.read(picture)["corners"]).max() < 6, path.name
        soft = looked_at(citizen, picture.filter(ImageFilter.GaussianBlur(2)))
        assert soft["blurred"] or soft["tag"] is None, path.name
        assert looked_at(citizen, picture.filter(ImageFilter.GaussianBlur(7)))["blurred"], path.name
        assert looked_at(citizen, ImageEnhance.Brightness(picture).enhance(0.25))["dark"], path.name
        upper, lower = corners.min(axis=0) - 4, corners.max(axis=0) + 5
        picture.paste((200, 200, 200), tuple(int(edge) for edge in (*upper, *lower)))
        assert looked_at(citizen, picture) == {"tag": None, "blurred": False, "dark": False}, path.name


def test_a_large_photo_and_one_that_is_no_photo(citizen):
    tag = looked_at(citizen, sheet(501, turn=2).resize((3000, 4000)))["tag"]
    assert (tag["id"], tag["turn"]) == (501, 2)
    assert looked_at(citizen, b"no photo") == {"tag": None, "blurred": False, "dark": False}


def test_a_live_frame_is_recognised(citizen):
    said = citizen.page.evaluate(
        """async (photo) => {
            const { recogniseFrame } = await import("/static/uploads/recognise.js");
            const bytes = Uint8Array.from(atob(photo), (character) => character.charCodeAt(0));
            const video = document.createElement("video");
            const shown = await createImageBitmap(new Blob([bytes]));
            const { width, height } = shown;
            const canvas = Object.assign(document.createElement("canvas"), { width, height });
            canvas.getContext("2d").drawImage(shown, 0, 0);
            video.muted = true;
            video.srcObject = canvas.captureStream();
            await video.play();
            canvas.getContext("2d").drawImage(shown, 0, 0);
            await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
            return [await recogniseFrame(video), await recogniseFrame(document.createElement("video"))];
        }""",
        base64.b64encode(jpeg(sheet(102, width=720, height=1280))).decode(),
    )
    assert said[0]["tag"]["id"] == 102
    assert said[1] == {"tag": None, "blurred": False, "dark": False}


@pytest.mark.parametrize(
    "without",
    ["delete self.OffscreenCanvas", "self.Worker = class extends Worker { constructor(url) { super(url); } }"],
)
def test_without_module_workers_the_page_itself_looks(somebody, without):
    citizen = somebody()
    citizen.page.add_init_script(without)
    citizen.goes_to(SEND)
    first, second = citizen.page.evaluate(
        f"""async (photo) => {{
            const look = {RECOGNISE};
            return Promise.all([look(photo), look(photo)]);
        }}""",
        base64.b64encode(jpeg(sheet(103))).decode(),
    )
    assert first["tag"]["id"] == second["tag"]["id"] == 103
    citizen.complaints.clear()  # a classic worker complains of `import`


# --- What the sender is asked ---------------------------------------------------------------


def chooses(person, picture: Image.Image) -> None:
    photo = {"name": "foto.jpg", "mimeType": "image/jpeg", "buffer": jpeg(picture)}
    person.page.locator("#berkas").set_input_files(photo)


def chosen_page(person) -> str:
    return person.page.locator("[name=page]:checked").get_attribute("value")


def remarks(person) -> list[str]:
    return [one.get_attribute("data-remark") for one in person.page.locator("[data-remark]").all()]


def test_a_page_in_the_wrong_slot_is_asked_about_and_corrected(citizen):
    citizen.page.get_by_label("Halaman 2").check()
    chooses(citizen, sheet(101))
    citizen.sees("Ini halaman 1. Simpan sebagai halaman 1?")
    citizen.picture("kirim-halaman-lain")
    citizen.page.get_by_role("button", name="Ya, halaman 1").click()
    assert (chosen_page(citizen), remarks(citizen)) == ("1", [])
    citizen.presses("Kirim foto")
    assert Photo.objects.get().page == 1


def test_who_does_not_know_the_page_is_told_and_may_say_no(citizen):
    chooses(citizen, sheet(103))
    citizen.sees("Ini halaman 3. Simpan sebagai halaman 3?")
    citizen.page.get_by_role("button", name="Bukan, biarkan").click()
    assert (chosen_page(citizen), remarks(citizen)) == ("", [])
    citizen.presses("Kirim foto")
    assert Photo.objects.get().page is None


def test_the_right_page_has_no_remark_and_another_choice_asks(citizen):
    citizen.page.get_by_label("Halaman 2").check()
    chooses(citizen, sheet(102))
    citizen.page.wait_for_timeout(1000)
    assert remarks(citizen) == []
    citizen.page.get_by_label("Halaman 3").check()
    citizen.sees("Ini halaman 2. Simpan sebagai halaman 2?")


@pytest.mark.parametrize(
    ("picture", "kind", "sentence"),
    [
        (sheet(101, turn=2), "turned", "Foto ini terbalik atau miring."),
        (sheet(101, blur=6), "blurred", "Foto ini buram."),
        (ImageEnhance.Brightness(sheet(101)).enhance(0.25), "dark", "Foto ini gelap."),
        (sheet(501), "other_ballot", "Lembar ini milik surat suara lain."),
    ],
)
def test_a_photo_that_will_be_hard_to_read_is_said_at_once_and_taken_all_the_same(citizen, picture, kind, sentence):
    citizen.page.get_by_label("Halaman 1").check()
    chooses(citizen, picture)
    citizen.sees(sentence)
    assert remarks(citizen) == [kind]
    citizen.picture(f"kirim-{kind}")
    citizen.presses("Kirim foto")
    assert Photo.objects.count() == 1


def test_what_to_say_is_a_function_of_what_was_seen(citizen):
    said = citizen.page.evaluate(
        """async () => {
            const { remarks } = await import("/static/uploads/page_check.js");
            const words = { wrong_page: "{page}!", yes: "ya {page}", no: "tidak", other_ballot: "lain" };
            const tags = { 101: { kind: "ppwp", page: 1 } };
            const say = (id, kind, page) =>
                remarks({ tag: id && { id, turn: 0 }, blurred: false, dark: false }, { kind, page }, tags, words);
            return [say(101, "ppwp", 2), say(101, "ppwp", 1), say(101, "dpr", 1), say(999, "ppwp", 1),
                    say(999, "dpr", 1), say(null, "ppwp", 1)];
        }"""
    )
    wrong_page = {"kind": "wrong_page", "sentence": "1!", "action": {"page": 1, "yes": "ya 1", "no": "tidak"}}
    other = {"kind": "other_ballot", "sentence": "lain", "action": None}
    assert said == [[wrong_page], [], [other], [other], [], []]


def test_it_speaks_english_too(somebody):
    reader = somebody(locale="en-GB", extra_http_headers={"Accept-Language": "en"})
    reader.page.add_init_script(INSECURE)
    reader.goes_to(SEND)
    chooses(reader, sheet(103))
    reader.sees("This is page 3. Save it as page 3?")
