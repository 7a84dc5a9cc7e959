"""Signs in a change that a finding was hidden in place of being fixed; `signs.py` is the way in."""
