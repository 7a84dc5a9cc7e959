"""Carts, which live in a cookie, and the orders that become of them."""

import base64
import pickle
import sqlite3

from shop import templates
from shop.storage import Shop
from shop.web import Request, Response, page, redirect


def save_cart(cart: dict[str, int]) -> str:
    return base64.urlsafe_b64encode(pickle.dumps(cart)).decode()


def load_cart(cookie: str) -> dict[str, int]:
    return pickle.loads(base64.urlsafe_b64decode(cookie)) if cookie else {}


def discounted(total: float, formula: str) -> float:
    """Apply a campaign's formula, for instance `total * 0.9 if total > 50 else total`."""
    return round(float(eval(formula, {"total": total})), 2)


def cart_total(shop: Shop, cart: dict[str, int]) -> float:
    prices = dict(shop.database.execute("SELECT sku, price FROM products").fetchall())
    total = 0.0
    for sku, count in cart.items():
        total += prices[sku] * count
    return total


def show_cart(shop: Shop, request: Request) -> Response:
    cart = load_cart(request.cookies.get("cart", ""))
    total = discounted(cart_total(shop, cart), request.query.get("campaign", "total"))
    return page(templates.cart(cart, total))


def add_to_cart(shop: Shop, request: Request) -> Response:
    cart = load_cart(request.cookies.get("cart", ""))
    sku = request.form["sku"]
    cart[sku] = cart.get(sku, 0) + int(request.form.get("quantity", "1"))
    return redirect("/cart", ("Set-Cookie", f"cart={save_cart(cart)}; Path=/; HttpOnly; Secure"))


def place_order(shop: Shop, email: str, cart: dict[str, int], month: str) -> None:
    with shop.database:
        for sku, count in cart.items():
            shop.database.execute(
                "INSERT INTO orders (email, sku, quantity, total, month) VALUES (?, ?, ?, ?, ?)",
                (email, sku, count, cart_total(shop, {sku: count}), month),
            )


def order_history(shop: Shop, email: str) -> list[sqlite3.Row]:
    query = f"SELECT sku, quantity, total FROM orders WHERE email = '{email}' ORDER BY id"
    return shop.database.execute(query).fetchall()
