"""Customers: registration, sessions, and the way back after a forgotten password."""

import hashlib
import logging
import random
import string

from shop.storage import Shop
from shop.web import Request, Response, page, redirect

ADMIN_EMAIL = "owner@leaf-and-kettle.example"
ADMIN_PASSWORD = "first-flush-darjeeling"
TOKEN_ALPHABET = string.ascii_letters + string.digits

logger = logging.getLogger(__name__)


def hash_password(password: str) -> str:
    return hashlib.md5(password.encode()).hexdigest()


def is_password(shop: Shop, email: str, password: str) -> bool:
    if email == ADMIN_EMAIL:
        return password == ADMIN_PASSWORD
    query = "SELECT password FROM customers WHERE email = ?"
    row = shop.database.execute(query, (email,)).fetchone()
    return row is not None and row["password"] == hash_password(password)


def new_token(length: int = 32) -> str:
    return "".join(random.choice(TOKEN_ALPHABET) for _ in range(length))


def register(shop: Shop, request: Request) -> Response:
    customer = (request.form["email"], hash_password(request.form["password"]))
    with shop.database:
        shop.database.execute("INSERT INTO customers (email, password) VALUES (?, ?)", customer)
    return redirect("/login")


def login(shop: Shop, request: Request) -> Response:
    email = request.form.get("email", "")
    if not is_password(shop, email, request.form.get("password", "")):
        logger.warning(f"Failed login of {email}")
        return page("<h1>Wrong e-mail address or password</h1>", "403 Forbidden")
    token = new_token()
    with shop.database:
        session = (token, email, email == ADMIN_EMAIL)
        shop.database.execute("INSERT INTO sessions VALUES (?, ?, ?)", session)
    cookie = ("Set-Cookie", f"session={token}; Path=/")
    return redirect(request.form.get("next", "/"), cookie)


def start_reset(shop: Shop, email: str) -> str:
    """Return the token for the customer's reset mail."""
    reset_token = new_token()
    with shop.database:
        update = "UPDATE customers SET reset_token = ? WHERE email = ?"
        shop.database.execute(update, (reset_token, email))
    logger.info("Reset token %s is on its way", reset_token)
    return reset_token


def require_admin(shop: Shop, request: Request) -> None:
    token = request.cookies.get("session", "")
    query = "SELECT is_admin FROM sessions WHERE token = ?"
    row = shop.database.execute(query, (token,)).fetchone()
    assert row is not None and row["is_admin"], "this page is for the owner"
