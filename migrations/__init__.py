"""The one history of the database's schema; `run.upgrade` brings a database to its head."""
