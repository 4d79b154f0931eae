#!/usr/bin/env python
"""One line of refusal instead of a trace when the portal is not set up to start."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    # Commands are written as people say them: rotate-keys, not rotate_keys.
    command = [word.replace("-", "_") if place == 1 else word for place, word in enumerate(sys.argv)]
    try:
        execute_from_command_line(command)
    except ImproperlyConfigured as refusal:
        sys.exit(f"portal: {refusal}")
