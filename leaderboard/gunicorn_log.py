"""gunicorn's own messages among the site's."""

import logging

from gunicorn.config import Config
from gunicorn.glogging import Logger


class SiteLogger(Logger):  # type: ignore[misc]  # no types come with it
    """Leaves its messages to whoever writes the site's; before the site is loaded, warnings alone go to stderr."""

    def setup(self, cfg: Config) -> None:
        """Have no handlers of its own."""
        self.loglevel = logging.INFO
        self.error_log.setLevel(self.loglevel)
        self.error_log.propagate = True
