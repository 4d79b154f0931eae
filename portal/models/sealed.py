"""What is kept sealed: keys of personal data, rows and files under them."""

import base64
import hmac
import uuid
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import models, transaction

from portal import sealing


class DataKey(models.Model):
    """The key of one application's personal data. Erase it and the person is erased, in every backup too."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wrapped = sealing.SealedTextField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(null=True)

    @classmethod
    def make(cls) -> "DataKey":
        return cls.objects.create(wrapped=base64.b64encode(sealing.new_key()).decode())

    def opened(self) -> bytes:
        if self.wrapped is None:
            raise sealing.Erased(str(self.pk))
        return base64.b64decode(self.wrapped)

    def erase(self, now: Any) -> None:
        type(self).objects.filter(pk=self.pk, erased_at=None).update(wrapped=None, erased_at=now)
        self.wrapped = None


class BearsMac(models.Model):
    """One that counts only with our MAC: written, or altered, by other means it is nobody's word."""

    mac: Any  # kept over what `mac_of_row` names

    class Meta:
        abstract = True

    @property
    def mac_of_row(self) -> str:
        raise NotImplementedError

    @property
    def is_ours(self) -> bool:
        return hmac.compare_digest(self.mac, self.mac_of_row)


class OursFromBirth(BearsMac):
    """One whose MAC is made with it; others come to count later."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.mac = self.mac_of_row
        super().save(*args, **kwargs)


class SealedRow(models.Model):
    """One with fields sealed by its own data key."""

    class Meta:
        abstract = True

    def sealed(self, field: str, value: Any) -> sealing.Token:
        """For an update, which cannot seal by itself."""
        sealed_field: Any = self._meta.get_field(field)
        token: sealing.Token = sealed_field.sealed(value, self)
        return token


class SealedFile(models.Model):
    """A file at rest: its own key in this row, its sealed chunks in the storage."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT)
    wrapped = sealing.SealedTextField(key="data_key")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    @classmethod
    def store(cls, file: IO[bytes], content_type: str, data_key: DataKey) -> "SealedFile":
        """Only sealed bytes touch a disk; the name tells nothing. The row comes last: a file without one is swept."""
        key, sealed = sealing.new_key(), cls(data_key=data_key, content_type=content_type)
        with SpooledTemporaryFile(max_size=8_000_000) as aside:
            for chunk in sealing.sealed_chunks(file, key, str(sealed.pk)):
                aside.write(chunk)
            sealed.size = file.tell()
            aside.seek(0)
            sealed.name = default_storage.save(f"{sealed.pk.hex[:2]}/{sealed.pk.hex}", File(aside))
        sealed.wrapped = base64.b64encode(key).decode()
        sealed.save()
        return sealed

    def chunks(self) -> Iterator[bytes]:
        with default_storage.open(self.name) as file:
            yield from sealing.unsealed_chunks(file, base64.b64decode(self.wrapped), str(self.pk))

    def read(self) -> bytes:
        return b"".join(self.chunks())

    def forget(self) -> None:
        """One that nothing names any more; its bytes go when that is certain."""
        self.delete()
        transaction.on_commit(lambda: default_storage.delete(self.name), robust=True)
