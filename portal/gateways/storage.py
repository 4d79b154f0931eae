"""Where sealed files lie is Django's storage; here is only what it raises when it is away."""

AWAY: tuple[type[Exception], ...]
try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # the s3 extra is not installed
    AWAY = (OSError,)
else:
    AWAY = (OSError, BotoCoreError, ClientError)
