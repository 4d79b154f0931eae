"""Plans, ready before the first customer."""

from datetime import date

from enrollment.orders.models import Plan

FROM = date(2026, 1, 1)
# Names from the public guides; prices are made up for demonstration, no price list of the plans is public.
PLANS = (
    {
        "code": "theo-luot-12",
        "name": "Chứng thư số cá nhân trên các ứng dụng",
        "name_en": "Personal certificate for all applications",
        "kind": Plan.Kind.PER_SIGNING,
        "months": 12,
        "price": 0,
        "use": "Ký trên các ứng dụng; lượt ký mua thêm khi cần",
        "use_en": "Sign in any application; buy signatures as you need them",
    },
    {
        "code": "ps0-cong-dan",
        "name": "SmartCA cá nhân PS0 (công dân)",
        "name_en": "SmartCA personal PS0 (citizen)",
        "kind": Plan.Kind.PER_SIGNING,
        "months": 12,
        "price": 0,
        "use": "Ký miễn phí trên Cổng Dịch vụ công; nơi khác mua thêm lượt ký",
        "use_en": "Free signing on public service portals; buy signatures for elsewhere",
    },
    *(
        {
            "code": f"khong-gioi-han-{months}",
            "name": f"SmartCA không giới hạn {months} tháng",
            "name_en": f"SmartCA unlimited, {months} months",
            "kind": Plan.Kind.UNLIMITED,
            "months": months,
            "price": price,
            "use": "Ký không giới hạn lượt trên mọi ứng dụng",
            "use_en": "Unlimited signatures in every application",
        }
        for months, price in ((12, 220_000), (24, 385_000), (36, 495_000))
    ),
)


def seed_plans() -> None:
    """Plans are seeded once: what staff changed since then stays as they left it."""
    for rank, terms in enumerate(PLANS):
        plan = Plan(**terms, rank=rank, sold_from=FROM)
        Plan.objects.get_or_create(
            code=plan.code, defaults={**terms, "rank": rank, "sold_from": FROM, "mac": plan.mac_of_row}
        )
