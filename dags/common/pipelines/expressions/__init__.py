"""The language of pipelines' expressions, ``sum(quantity * unit_price)``: parsed, typed, turned into SQL.

Its grammar is that of Python's expressions, of which it takes a part; nothing is ever evaluated here.
"""
