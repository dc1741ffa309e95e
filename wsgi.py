"""The hub for any WSGI server: complete, with pages that poll. `asgi.py` adds the live stream."""

from config import Config
from hub import create_app

app = create_app(Config.load())
