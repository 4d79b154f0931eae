"""Where sealed files lie is Django's storage; here is only what it raises when it is away, and how what is served to everybody
is named."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

AWAY: tuple[type[Exception], ...]
try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # the s3 extra is not installed
    AWAY = (OSError,)
else:
    AWAY = (OSError, BotoCoreError, ClientError)


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Each by the hash of its content, in the imports of our scripts, too."""

    support_js_module_import_aggregation = True
