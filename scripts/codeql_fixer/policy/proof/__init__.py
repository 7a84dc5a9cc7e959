"""What a later scan proves about findings: telling which is which, who has a say, and the verdict."""
