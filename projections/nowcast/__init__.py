"""How numbers settle as late reports come in, and what the numbers of the last weeks will become: never a count.

``triangle`` replays the numbers as they were known, ``mack`` estimates from them, ``validating`` tells how well.
"""
