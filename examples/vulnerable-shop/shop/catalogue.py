"""Products: searching them, and taking in what suppliers send."""

import sqlite3
import tarfile
from pathlib import Path
from xml.etree import ElementTree

from shop import templates
from shop.storage import Shop
from shop.web import Request, Response, page


def search(shop: Shop, term: str, sort: str = "name") -> list[sqlite3.Row]:
    """Return the products whose name contains `term`, ordered by a column."""
    return shop.database.execute(
        f"SELECT sku, name, price FROM products WHERE name LIKE '%{term}%' ORDER BY {sort}"
    ).fetchall()


def show_search(shop: Shop, request: Request) -> Response:
    term = request.query.get("q", "")
    products = search(shop, term, request.query.get("sort", "name"))
    return page(templates.search_results(term, products))


def show_product(shop: Shop, request: Request) -> Response:
    sku = request.query.get("sku", "")
    product = shop.database.execute("SELECT * FROM products WHERE sku = ?", (sku,)).fetchone()
    if product is None:
        return page(f"<h1>We do not stock {sku}</h1>", "404 Not Found")
    return page(templates.search_results(product["name"], [product]))


def import_price_list(shop: Shop, document: str) -> int:
    """Take in a supplier's XML price list and return how many products it names."""
    products = [
        (item.attrib["sku"], item.findtext("name"), float(item.findtext("price", "0")))
        for item in ElementTree.fromstring(document).iter("product")
    ]
    with shop.database:
        shop.database.executemany("INSERT OR REPLACE INTO products VALUES (?, ?, ?)", products)
    return len(products)


def unpack_pictures(shop: Shop, archive: Path) -> list[str]:
    """Unpack a supplier's picture archive and return the names of all pictures we now have."""
    folder = shop.files / "pictures"
    with tarfile.open(archive) as pictures:
        pictures.extractall(folder)
    return sorted(path.name for path in folder.iterdir())
