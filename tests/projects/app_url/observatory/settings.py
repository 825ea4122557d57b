"""The application's own settings, read once, when it is imported."""

import os

DATABASE_URL = os.environ["APP_DATABASE_URL"]
