"""Tables and queries of PostgreSQL, MySQL (MariaDB) and SQLite: streamed, exact, of one state."""

from common.io.sources import Adapter
from common.io.sources.sql.settings import SqlSettings
from common.io.sources.sql.source import SqlSource

__all__ = ["ADAPTER", "SqlSettings", "SqlSource"]

ADAPTER = Adapter(SqlSettings, SqlSource)
