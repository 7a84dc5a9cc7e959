"""A small tea shop: catalogue, carts, accounts, sales reports and two outside services."""
