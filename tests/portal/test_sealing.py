import io
from datetime import date

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import sealing
from portal.models import DataKey, Message, SealedFile, User
from tests.conftest import People

pytestmark = pytest.mark.django_db


@given(st.text(max_size=300))
@settings(max_examples=50, deadline=None)
def test_what_is_sealed_comes_back(text: str) -> None:
    token = sealing.seal(text.encode(), "table.column")
    assert sealing.unseal(token, "table.column").decode() == text


def test_the_same_value_never_looks_the_same() -> None:
    assert sealing.seal(b"x", "a.b") != sealing.seal(b"x", "a.b")


def test_a_value_moved_to_another_column_is_found() -> None:
    with pytest.raises(sealing.Broken):
        sealing.unseal(sealing.seal(b"x", "portal_user.phone"), "portal_user.email")


def test_one_flipped_letter_is_found() -> None:
    token = sealing.seal(b"x", "a.b")
    with pytest.raises(sealing.Broken):
        sealing.unseal(token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"), "a.b")


def test_a_key_that_is_gone_is_named() -> None:
    with pytest.raises(sealing.Broken, match="k99"):
        sealing.unseal("k99.AAAA", "a.b")


def test_the_database_shows_nothing_of_a_person(person: People) -> None:
    user = person(number="001190777888", full_name="Vũ Thị Mẫu Kín", phone="0987654321", email="kin@example.vn")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM portal_user WHERE id = %s", [user.pk])
        row = repr(cursor.fetchone())
    for secret in ("001190777888", "Mẫu", "0987654321", "kin@example"):
        assert secret not in row
    assert User.objects.get(pk=user.pk).full_name == "Vũ Thị Mẫu Kín"


def test_a_person_is_found_by_number_however_typed(person: People) -> None:
    user = person(number="001190777888")
    assert User.objects.with_number(" 001 190 777 888 ") == user
    assert User.objects.with_number("001190777889") is None


def test_a_sealed_column_cannot_be_searched_or_written_in_clear_by_mistake(person: People) -> None:
    person()
    with pytest.raises(TypeError, match="sealed"):
        User.objects.filter(full_name="Trần Thị Mẫu Thử").exists()
    with pytest.raises(TypeError, match="sealed"):
        User.objects.update(full_name="Ai đó")


def test_saving_what_was_not_looked_at_seals_nothing_again(person: People) -> None:
    user = User.objects.get(pk=person().pk)
    before = user.__dict__["phone"]
    user.save()
    assert User.objects.values_list("phone", flat=True).get(pk=user.pk) == before


def test_json_and_dates_keep_their_kind() -> None:
    field = sealing.SealedDateField()
    assert field.from_text(field.to_text(date(1990, 2, 28))) == date(1990, 2, 28)
    message = Message.objects.create(
        intent="x",
        template="t",
        language="vi",
        channel="sms",
        recipient="0912345678",
        masked="",
        params=["Đ", "2"],
        due_at=timezone.now(),
    )
    assert Message.objects.get(pk=message.pk).params == ["Đ", "2"]


def test_erasing_the_data_key_erases_what_it_sealed() -> None:
    key = DataKey.make()
    sealed = SealedFile.store(io.BytesIO(b"a face"), "image/jpeg", key)
    assert SealedFile.objects.get(pk=sealed.pk).read() == b"a face"
    key.erase(timezone.now())
    with pytest.raises(sealing.Erased):
        SealedFile.objects.get(pk=sealed.pk).read()


# ── Files ──


@pytest.mark.parametrize("size", [0, 1, sealing.CHUNK - 1, sealing.CHUNK, sealing.CHUNK + 1, 3 * sealing.CHUNK])
def test_a_file_of_any_length_comes_back(size: int) -> None:
    content = bytes(index % 251 for index in range(size))
    sealed = SealedFile.store(io.BytesIO(content), "application/octet-stream", DataKey.make())
    assert sealed.size == size
    assert sealed.read() == content


def stored(sealed: SealedFile) -> bytes:
    with default_storage.open(sealed.name) as file:
        return bytes(file.read())


def replace(sealed: SealedFile, content: bytes) -> None:
    default_storage.delete(sealed.name)
    default_storage.save(sealed.name, ContentFile(content))


def test_the_storage_shows_nothing_of_a_file() -> None:
    sealed = SealedFile.store(io.BytesIO(b"PLAINTEXT" * 20_000), "image/png", DataKey.make())
    assert b"PLAINTEXT" not in stored(sealed)


def test_a_file_cut_at_a_chunk_is_found() -> None:
    sealed = SealedFile.store(io.BytesIO(b"x" * (2 * sealing.CHUNK)), "image/png", DataKey.make())
    replace(sealed, stored(sealed)[: sealing.CHUNK + 16])
    with pytest.raises(sealing.Broken):
        sealed.read()


def test_chunks_that_changed_places_are_found() -> None:
    sealed = SealedFile.store(io.BytesIO(b"x" * sealing.CHUNK + b"y" * sealing.CHUNK), "image/png", DataKey.make())
    whole, chunk = stored(sealed), sealing.CHUNK + 16
    replace(sealed, whole[chunk : 2 * chunk] + whole[:chunk] + whole[2 * chunk :])
    with pytest.raises(sealing.Broken):
        sealed.read()


def test_a_file_put_in_the_place_of_another_is_found() -> None:
    key = DataKey.make()
    mine, theirs = (SealedFile.store(io.BytesIO(face), "image/png", key) for face in (b"mine", b"theirs"))
    replace(mine, stored(theirs))
    with pytest.raises(sealing.Broken):
        mine.read()
