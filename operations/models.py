"""No tables. The module is what has ``migrate`` tell this app when all tables are there: see apps.py."""
