"""How much of anything a file may ask for, so that a hostile one costs seconds and tens of megabytes, not the machine."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """`chunk_bytes`, `block_rows` and `chunks_ahead` set the work held at once; the result is the same for any size."""

    sample_bytes: int = 1 << 20
    chunk_bytes: int = 8 << 20
    block_rows: int = 131_072
    # Chunks of text that another thread parses, or has parsed, while the one before them is checked; 0: no thread.
    chunks_ahead: int = 2
    line_bytes: int = 1 << 20
    columns: int = 1_000
    rows: int = 300_000_000
    # DEFLATE reaches 1032:1; tables of numbers reach 3:1 to 30:1, long constant stretches about 100:1.
    decompressed_bytes: int = 8 << 30
    decompression_ratio: int = 200
    ratio_checked_from_bytes: int = 32 << 20
    blank_or_comment_lines: int = 200_000
    first_year: int = 1700
    last_year: int = 2200

    def rows_at_once(self, columns: int) -> int:
        """Rows of a block: fewer in a wide table, so that a block never holds more than 16 MB of numbers."""
        return max(1, min(self.block_rows, (1 << 21) // max(columns, 1)))


DEFAULT_LIMITS = Limits()
