"""The report a person reads: one self-contained HTML file, in English or Japanese."""
