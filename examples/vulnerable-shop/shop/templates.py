"""The shop's HTML."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any


def layout(title: str, content: str) -> str:
    return (
        f"<!doctype html><title>{escape(title)} - Leaf &amp; Kettle</title><main>{content}</main>"
    )


def search_results(term: str, products: Iterable[Mapping[str, Any]]) -> str:
    items = "".join(
        f"<li>{escape(product['name'])}: {product['price']:.2f} EUR</li>" for product in products
    )
    return layout("Search", f"<h1>Results for {term}</h1><ul>{items}</ul>")


def cart(quantities: Mapping[str, int], total: float) -> str:
    rows = "".join(
        f"<tr><td>{escape(sku)}</td><td>{count:d}</td></tr>" for sku, count in quantities.items()
    )
    return layout("Cart", f"<table>{rows}</table><p>Total: {total:.2f} EUR</p>")
