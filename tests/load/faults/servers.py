"""PostgreSQL on a small disk, and with a standby."""

import subprocess
import tempfile
from pathlib import Path
from typing import Self

from ...support.postgres import Postgres
from ...support.running import wait_until
from ..engines import SETTINGS, PostgresPart, broken_in
from .matrix import Setting


class SmallServer(Setting):
    """A server whose files are on a small file system, with the same world."""

    megabytes = 400  # its programs may have to be copied, and files of its log are kept ready

    def __enter__(self) -> Self:
        self.files = Path(self.ends.enter_context(tempfile.TemporaryDirectory(prefix="small-")))
        options = f"size={self.megabytes}m,mode=755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.files], check=True)
        self.ends.callback(subprocess.run, ["umount", self.files], check=True)
        server = self.ends.enter_context(Postgres(settings=SETTINGS, below=self.files))
        self.database = PostgresPart(server, self.database.world)
        return self


class Standby(Postgres):
    """A server that follows another, and can take its place."""

    def __init__(self, primary: Postgres) -> None:
        super().__init__(settings=primary.settings)
        self._primary = primary

    def _make(self) -> None:
        self.run("pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast", "-d", self._primary.url())


class Pair(Setting):
    """A primary and a standby that has all that was acknowledged; the service knows both addresses."""

    def __enter__(self) -> Self:
        self.primary = self.ends.enter_context(Postgres(settings=SETTINGS))
        self.database = PostgresPart(self.primary, self.database.world)
        self._standby = self.ends.enter_context(Standby(self.primary))
        self.primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.execute("SELECT pg_reload_conf()")
        assert wait_until(self._follows, 60), self._standby.log
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in (self.primary, self._standby))
        self.database.locator = f"postgresql://postgres@{hosts}/{self.database.name}?target_session_attrs=read-write"
        return self

    def problems(self) -> list[str]:
        return broken_in(self._standby, self.database.name)

    def promote(self) -> None:
        """Let the standby take over."""
        self._standby.execute("SELECT pg_promote()")

    def _follows(self) -> bool:
        return self.primary.execute("SELECT sync_state FROM pg_stat_replication") == [("sync",)]
