"""Today's two levels of places."""

from django.db import models


class Province(models.Model):
    code = models.CharField(max_length=2, primary_key=True)
    name = models.CharField(max_length=60)

    def __str__(self) -> str:
        return self.name


class Ward(models.Model):
    code = models.CharField(max_length=5, primary_key=True)
    name = models.CharField(max_length=60)
    province = models.ForeignKey(Province, on_delete=models.PROTECT, related_name="wards")

    def __str__(self) -> str:
        return f"{self.name}, {self.province}"
