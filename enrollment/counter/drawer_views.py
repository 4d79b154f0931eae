"""Cash at the counter: an agent's own drawer of today, money for an application, slips, and the head's side of it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from enrollment.counter import drawer_forms as forms
from enrollment.counter import pages
from enrollment.counter.rights import SERVE
from enrollment.counter.steps import money
from enrollment.orders.models import CashReceipt, Drawer
from enrollment.orders.steps import cash, ledger
from enrollment.orders.steps import drawer as drawers
from enrollment.pages import refusals_on
from portal import changes, looks, sheets
from portal.accounts.roles import check_vouched
from portal.forms import ConfirmSecondFactorForm
from portal.models import Branch, User
from portal.refusals import Refusal

Page = Callable[..., HttpResponse]
ROLL = "roll"  # a slip on paper of 80 mm; A4 else


def with_right(right: str) -> Callable[[Page], Page]:
    """A page of whoever has this right by confirmed roles; for all others it is not there."""

    def guard(page: Page) -> Page:
        @wraps(page)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user = request.user
            if not isinstance(user, User) or not user.is_staff or not user.has_perm(right):
                raise Http404
            check_vouched(user)
            return page(request, user, *args, **kwargs)

        return guarded

    return guard


seeing = with_right(drawers.VIEW)


def taking(page: Page) -> Page:
    """A page of an agent who takes cash: one of those who work at a counter."""
    entitled = with_right(drawers.TAKE)(page)

    @pages.at_work
    @wraps(page)
    def guarded(request: HttpRequest, _user: User, *args: Any, **kwargs: Any) -> HttpResponse:
        return entitled(request, *args, **kwargs)

    return guarded


# ── The agent's own ──


def own_branches(user: User) -> Any:
    return Branch.objects.filter(pk__in=user.branch_ids)


@taking
def drawer(request: HttpRequest, user: User) -> HttpResponse:
    """Mine: the one that is open, else today's; else one can be opened."""
    unclosed, today = drawers.still_open(user), drawers.of_today(user).order_by("-pk")
    left = own_branches(user).exclude(pk__in=today.values("branch"))
    form = None
    if unclosed is None and left:
        initial = {"branch": pages.branch_of(request, user)}
        form = forms.OpenForm(request.POST or None, branches=left, initial=initial)
        if form.is_valid():
            with refusals_on(form, "amount"):
                drawers.open_drawer(user, form.cleaned_data["branch"], form.cleaned_data["amount"])
                return redirect("counter:drawer")
    return render(request, "counter/drawer.html", {"form": form, **known_of(unclosed or today.first())})


def known_of(mine: Drawer | None) -> dict[str, Any]:
    """What its own agent may know: what must be in it only after the count."""
    if mine is None:
        return {}
    explain = forms.ExplainForm() if mine.status == Drawer.Status.COUNTED else None
    receipts = mine.receipts.select_related("order").order_by("-pk")
    return {"drawer": mine, "receipts": receipts, "is_late": drawers.is_forgotten(mine), "explain": explain}


@taking
def count(request: HttpRequest, user: User) -> HttpResponse:
    """Blind: the page knows the day and the branch, nothing else."""
    mine = drawers.still_open(user)
    if mine is None or mine.is_closed:
        return redirect("counter:drawer")
    form = forms.CountForm(request.POST or None)
    if form.is_valid():
        with refusals_on(form, None):
            drawers.count(mine, user, form.notes)
            return redirect("counter:drawer")
    return render(request, "counter/drawer_count.html", {"form": form, "day": mine.day, "branch": mine.branch})


@taking
def explain(request: HttpRequest, user: User) -> HttpResponse:
    mine, form = drawers.still_open(user), forms.ExplainForm(request.POST)
    if mine is None or request.method != "POST":
        return redirect("counter:drawer")
    if form.is_valid():
        with refusals_on(form, "words"):
            drawers.explain(mine, user, form.cleaned_data["words"])
            messages.success(request, _("Đã gửi giải trình. Trưởng quầy sẽ xác nhận."))
            return redirect("counter:drawer")
    return render(request, "counter/drawer.html", {**known_of(mine), "explain": form})


# ── Money for one application ──


@require_POST
@taking
def take(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """Taken, and the change told; who presses twice comes to the same receipt."""
    application, form = pages.file_of(user, reference), forms.TenderForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["tendered"][0]))
        return redirect(pages.in_hand(application))
    try:
        receipt = money.take(application, user, form.cleaned_data["tendered"])
    except Refusal as no:
        receipt_of = money.receipt_of(application) if no.code == "paid-already" else None
        if receipt_of is None:
            messages.error(request, str(no.message))  # in the language of this page, before it is kept
            return redirect(pages.in_hand(application))
        receipt = receipt_of
    return redirect("counter:receipt", receipt.pk)


@taking
def give_back(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """What is owed to this customer, and asking the head of the counter to have it paid out."""
    application = pages.file_of(user, reference)
    form, due = forms.GiveBackForm(request.POST or None), money.owed(application)
    if form.is_valid():
        with refusals_on(form, "reason"):
            refund = get_object_or_404(due, pk=form.cleaned_data["refund"])
            money.ask_to_return(application, user, refund, form.cleaned_data["reason"])
            messages.success(request, _("Đã gửi trưởng quầy. Chỉ chi tiền khi trưởng quầy đã xác nhận."))
            return redirect("counter:drawer")
    return render(request, "counter/give_back.html", {"application": application, "form": form, "due": due})


def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """To be printed, by whoever works at its counter or sees its drawer."""
    user = request.user
    if not isinstance(user, User) or not (user.has_perm(drawers.TAKE) or user.has_perm(drawers.VIEW)):
        raise Http404
    known = ("drawer", "branch", "order", "payment", "refund", "by", "confirmed_by")
    slip = money.slip(get_object_or_404(CashReceipt.objects.select_related(*known), pk=pk))
    if not drawers.leads(user, slip.receipt.branch_id):
        raise Http404
    application = money.application_of(slip.receipt.order)
    onward = pages.in_hand(application) if application and user.has_perm(SERVE) else ""
    on_roll = request.GET.get("paper") == ROLL
    return render(request, "counter/receipt.html", {"slip": slip, "on_roll": on_roll, "onward": onward})


# ── The head's ──


@seeing
def all_drawers(request: HttpRequest, user: User) -> HttpResponse:
    """What waits for a second person, what is open, what is closed; no amount of a day that is not counted yet."""
    rows, status = drawers.seen_by(user).select_related("agent", "branch", "confirmed_by"), Drawer.Status
    known = {
        "to_confirm": rows.filter(status=status.CLOSED).order_by("day", "pk"),
        "still_open": rows.filter(status__in=(status.OPEN, status.COUNTED)).order_by("day", "pk"),
        "confirmed": rows.filter(status=status.CONFIRMED)[:50],
        "refunds": refunds_seen(user),
        "books": drawers.books_at_fault(user),
        "form": forms.ExportForm(branches=branches_seen(user)),
    }
    return render(request, "counter/drawers.html", known)


def branches_seen(user: User) -> Any:
    return Branch.objects.all() if user.has_perm(drawers.EVERYWHERE) else own_branches(user)


def refunds_seen(user: User) -> list[cash.Asked]:
    return [asked for asked in cash.asked() if drawers.leads(user, asked.drawer.branch_id)]


@seeing
def day(request: HttpRequest, user: User, pk: int) -> HttpResponse:
    """One day of one agent, as the second person sees it; confirmed with a second factor typed for it."""
    rows = drawers.seen_by(user).select_related("agent", "branch", "confirmed_by")
    drawer = get_object_or_404(rows, pk=pk)
    form = ConfirmSecondFactorForm(data=request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form, "code"):
            drawers.confirm(drawer, user)
            messages.success(request, _("Đã chốt ngày %(day)s của %(agent)s.") % told_of(drawer))
            return redirect("counter:drawers")
    notes = [(int(note), number, int(note) * number) for note, number in counted(drawer)]
    may_confirm = (
        drawer.status == Drawer.Status.CLOSED and user.has_perm(drawers.CONFIRM) and drawer.agent_id != user.pk
    )
    receipts = drawer.receipts.select_related("order").order_by("pk")
    facts = {"drawer": drawer, "notes": notes, "faults": drawers.faults(drawer), "receipts": receipts}
    return render(request, "counter/drawer_day.html", {**facts, "form": form, "may_confirm": may_confirm})


def told_of(drawer: Drawer) -> dict[str, str]:
    return {"day": f"{drawer.day:%d/%m/%Y}", "agent": str(looks.legible(lambda: drawer.agent.full_name, drawer.agent))}


def counted(drawer: Drawer) -> list[tuple[str, int]]:
    return sorted(drawer.notes.items(), key=lambda note: -int(note[0]))


@with_right(drawers.CONFIRM)
def pay_out(request: HttpRequest, user: User, pk: str) -> HttpResponse:
    """The head at the desk, in a session of their own and with a fresh second factor: the money goes out, or does not."""
    asked = next((each for each in refunds_seen(user) if str(each.change.pk) == str(pk)), None)
    if asked is None:
        raise Http404
    form = ConfirmSecondFactorForm(data=None if "reject" in request.POST else request.POST or None, user=user)
    with refusals_on(form, None if "reject" in request.POST else "code"):
        if "reject" in request.POST:
            changes.reject(asked.change, user)
            return redirect("counter:drawers")
        if form.is_bound and form.is_valid():
            changes.confirm(asked.change, user, is_fresh=True)
            messages.success(request, _("Đã xác nhận: nhân viên chi tiền và in phiếu chi."))
            return redirect("counter:drawers")
    return render(request, "counter/pay_out.html", {"asked": asked, "form": form})


@require_POST
@seeing
def export(request: HttpRequest, user: User) -> HttpResponse:
    form = forms.ExportForm(request.POST, branches=branches_seen(user))
    if not form.is_valid():
        messages.error(request, _("Chọn từ ngày đến ngày trong vòng một năm."))
        return redirect("counter:drawers")
    asked = form.cleaned_data
    rows, kind = ledger.export(user, asked["since"], asked["until"], asked["branch"]), asked["kind"]
    table = sheets.as_csv(rows) if kind == sheets.CSV else sheets.as_xlsx(rows, str(_("Sổ quỹ tiền mặt")))
    response = HttpResponse(table, content_type=sheets.TYPES[kind])
    name = f"so-quy-{asked['since']:%Y%m%d}-{asked['until']:%Y%m%d}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
