"""Labels in tables: CSV, JSON lines, Parquet and text files whose rows name photos and classes."""
