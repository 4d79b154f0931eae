"""Each job by itself, each row by itself, and what fails is named."""

import pytest
from structlog.testing import capture_logs

from portal import jobs, metrics, tasks
from portal.models import Branch, Failure

pytestmark = pytest.mark.django_db
VISITED: list[str] = []


@pytest.fixture(autouse=True)
def _branches() -> None:
    VISITED.clear()
    Branch.objects.bulk_create(Branch(name=name, province="01") for name in ("Mẫu 1", "Mẫu 2", "Mẫu 3"))


def visit(branch: Branch) -> None:
    if branch.phone:
        raise ValueError(f"{branch.phone} is what a person typed")
    VISITED.append(branch.name)


def fall() -> None:
    raise KeyError("a job that nobody foresaw")


def visit_all() -> None:
    jobs.each(jobs.through(Branch.objects.all()), visit)


def broken() -> Branch:
    branch = Branch.objects.get(name="Mẫu 1")
    Branch.objects.filter(pk=branch.pk).update(phone="0912345678")
    return branch


def test_a_row_that_fails_stops_no_other_and_is_named() -> None:
    branch = broken()
    with capture_logs() as lines:
        visit_all()
        visit_all()
    assert VISITED == ["Mẫu 2", "Mẫu 3"] * 2
    failure = Failure.objects.get()
    assert (failure.job, failure.row) == ("tests.portal.test_jobs.visit", f"branch:{branch.pk}")
    assert (failure.reason, failure.times) == ("ValueError", 2)
    assert [line["alarm"] for line in lines] == [True, False]
    assert f"branch:{branch.pk}" in str(lines)
    assert "0912345678" not in str(lines)


def test_a_job_that_falls_stops_no_other() -> None:
    jobs.run(fall, visit_all, fall)
    assert len(VISITED) == 3
    assert list(Failure.objects.values_list("job", "row", "times")) == [("tests.portal.test_jobs.fall", "", 2)]


def test_what_is_mended_is_named_no_more() -> None:
    broken()
    visit_all()
    Branch.objects.update(phone="")
    visit_all()
    assert not Failure.objects.exists()


def test_what_no_job_takes_up_any_more_is_forgotten() -> None:
    broken()
    visit_all()
    Failure.objects.update(at="2026-01-01T00:00Z")
    tasks.tidy()
    assert not Failure.objects.exists()


def test_more_broken_rows_than_a_batch_keep_no_other_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 1)
    broken()
    visit_all()
    assert VISITED == ["Mẫu 2", "Mẫu 3"]


def test_the_operator_sees_how_many_fail() -> None:
    broken()
    visit_all()
    families = {family.name: family for family in metrics.gauges()}
    [sample] = families["portal_jobs_failing"].samples
    assert (sample.labels["job"], sample.value) == ("tests.portal.test_jobs.visit", 1)
