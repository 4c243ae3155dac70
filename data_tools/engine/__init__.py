"""Reading, checking and converting data files. Pure Python over polars frames; knows no Django."""
