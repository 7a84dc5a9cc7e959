"""The WSGI application and its routes; `python -m shop.app FOLDER` serves it."""

import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.simple_server import make_server

from shop import accounts, catalogue, integrations, orders, reports
from shop.storage import Shop, open_shop
from shop.web import Request, Response, page, read_request

HOST = "0.0.0.0"
PORT = 8080

View = Callable[[Shop, Request], Response]


def take_price_list(shop: Shop, request: Request) -> Response:
    accounts.require_admin(shop, request)
    count = catalogue.import_price_list(shop, request.form["document"])
    return page(f"<h1>{count:d} prices taken in</h1>")


def preview_picture(shop: Shop, request: Request) -> Response:
    accounts.require_admin(shop, request)
    return integrations.fetch_picture(shop, request)


ROUTES: dict[tuple[str, str], View] = {
    ("GET", "/"): catalogue.show_search,
    ("GET", "/product"): catalogue.show_product,
    ("GET", "/cart"): orders.show_cart,
    ("POST", "/cart"): orders.add_to_cart,
    ("POST", "/register"): accounts.register,
    ("POST", "/login"): accounts.login,
    ("GET", "/invoice"): reports.download_invoice,
    ("POST", "/admin/prices"): take_price_list,
    ("POST", "/admin/picture"): preview_picture,
}


def answer(shop: Shop, request: Request) -> Response:
    """Answer a request with its view, with "404 Not Found" or with an error page."""
    view = ROUTES.get((request.method, request.path))
    if view is None:
        return page("<h1>There is no such page</h1>", "404 Not Found")
    try:
        return view(shop, request)
    except Exception:
        return page(f"<pre>{traceback.format_exc()}</pre>", "500 Internal Server Error")


def create_app(shop: Shop) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = answer(shop, read_request(environ))
        start_response(response.status, list(response.headers))
        return [response.body]

    return app


if __name__ == "__main__":
    with make_server(HOST, PORT, create_app(open_shop(Path(sys.argv[1])))) as server:
        server.serve_forever()
