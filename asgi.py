"""The hub with its live stream, for any ASGI server. `hub serve` runs this and all the rest."""

from config import Config
from hub import create_app
from hub.live.front import Front

app = Front(create_app(Config.load()))
