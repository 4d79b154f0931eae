"""Background work of the demo."""

from celery import shared_task

from kyc.demo import guests, seeding


@shared_task
def seed_files() -> None:
    seeding.seed_files()
    guests.seed_guests()
