"""The subscription begins where person, plan and order are known and the contract is next."""

from enrollment.models import Application, Subscription


def arrived(application: Application) -> None:
    """Once: who comes here again to sign anew goes on with the same one."""
    if application.subscription_id or application.user is None or application.plan is None:
        return
    bought = application.order or application.plan
    subscription = Subscription.objects.create(
        user=application.user, plan=application.plan, months=bought.months, branch=application.branch
    )
    Application.objects.filter(pk=application.pk).update(subscription=subscription)
    application.subscription = subscription
