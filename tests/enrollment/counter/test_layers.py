"""What stands under a prefix."""

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import resolve, reverse

from enrollment.counter.layers import under

PREFIX = "/counter/at/HS-1"


@pytest.fixture
def request_under(rf: RequestFactory) -> HttpRequest:
    return rf.get(f"{PREFIX}/register/plan/?a=1")


def test_a_page_is_found_without_the_prefix_and_its_addresses_have_it(request_under: HttpRequest) -> None:
    with under(request_under, PREFIX):
        assert resolve(request_under.path_info).view_name == "enrollment:plan"
        assert request_under.get_full_path() == f"{PREFIX}/register/plan/?a=1"
        assert request_under.META["SCRIPT_NAME"] == PREFIX
        assert reverse("enrollment:plan") == f"{PREFIX}/register/plan/"
        assert reverse("enrollment:home") == f"{PREFIX}/"


def test_what_stands_outside_is_as_before_also_after_a_fault(request_under: HttpRequest) -> None:
    with pytest.raises(ZeroDivisionError), under(request_under, PREFIX):
        raise ZeroDivisionError
    assert reverse("enrollment:plan") == "/register/plan/"
    assert (request_under.path_info, request_under.META["SCRIPT_NAME"]) == (f"{PREFIX}/register/plan/", "")


def test_one_prefix_may_stand_under_another(rf: RequestFactory) -> None:
    request = rf.get("/screen/counter/at/HS-1/")
    with under(request, "/screen"):
        with under(request, PREFIX):
            assert (request.path_info, reverse("enrollment:plan")) == ("/", f"/screen{PREFIX}/register/plan/")
        assert (request.path_info, reverse("enrollment:plan")) == (f"{PREFIX}/", "/screen/register/plan/")
