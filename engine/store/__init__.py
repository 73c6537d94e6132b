"""The history: tables, migrations, queries and the writer thread."""
