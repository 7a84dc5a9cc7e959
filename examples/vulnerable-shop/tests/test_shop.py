"""What the shop does for its customers: a fix must not change any of it."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shop import accounts, catalogue, integrations, orders, reports
from shop.app import answer, create_app
from shop.storage import Shop, open_shop
from shop.web import Request, Response

EMAIL = "ada@example.org"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path / "shop")
    products = [("DA1", "Darjeeling", 12.5), ("AS1", "Assam", 8.0), ("KY1", "Kyoto sencha", 15.0)]
    with opened.database:
        opened.database.executemany("INSERT INTO products VALUES (?, ?, ?)", products)
    yield opened
    opened.database.close()


def get(shop: Shop, path: str, cookies: dict[str, str] | None = None, **query: str) -> Response:
    return answer(shop, Request("GET", path, query=query, cookies=cookies or {}))


def post(shop: Shop, path: str, cookies: dict[str, str] | None = None, **form: str) -> Response:
    return answer(shop, Request("POST", path, form=form, cookies=cookies or {}))


def cookie(response: Response, name: str) -> str:
    [value] = [value for header, value in response.headers if header == "Set-Cookie"]
    assert value.startswith(f"{name}=")
    return value.split(";")[0].removeprefix(f"{name}=")


def session_of_the_owner(shop: Shop) -> dict[str, str]:
    with shop.database:
        shop.database.execute("INSERT INTO sessions VALUES ('a-token', 'owner', 1)")
    return {"session": "a-token"}


def test_search_finds_products_by_a_part_of_their_name(shop: Shop) -> None:
    assert [row["sku"] for row in catalogue.search(shop, "ass")] == ["AS1"]


def test_search_orders_by_the_column_asked_for(shop: Shop) -> None:
    assert [row["sku"] for row in catalogue.search(shop, "", "price")] == ["AS1", "DA1", "KY1"]


def test_search_page_names_term_and_prices(shop: Shop) -> None:
    body = get(shop, "/", q="Darj").body.decode()

    assert "Results for Darj" in body
    assert "Darjeeling: 12.50 EUR" in body


def test_a_product_that_is_not_stocked_is_not_found(shop: Shop) -> None:
    assert get(shop, "/product", sku="XX9").status == "404 Not Found"


def test_the_cart_adds_up(shop: Shop) -> None:
    first = post(shop, "/cart", sku="DA1", quantity="2")
    second = post(shop, "/cart", {"cart": cookie(first, "cart")}, sku="AS1")

    body = get(shop, "/cart", {"cart": cookie(second, "cart")}).body.decode()

    assert "Total: 33.00 EUR" in body


def test_a_campaign_lowers_the_total() -> None:
    assert orders.discounted(60.0, "total * 0.9 if total > 50 else total") == 54.0
    assert orders.discounted(40.0, "total * 0.9 if total > 50 else total") == 40.0


def test_order_history_shows_the_customers_own_orders(shop: Shop) -> None:
    orders.place_order(shop, EMAIL, {"DA1": 2}, "2026-11")
    orders.place_order(shop, "bob@example.org", {"AS1": 1}, "2026-11")

    assert [tuple(row) for row in orders.order_history(shop, EMAIL)] == [("DA1", 2, 25.0)]


def test_a_customer_registers_and_logs_in(shop: Shop) -> None:
    post(shop, "/register", email=EMAIL, password="lovelace")

    response = post(shop, "/login", email=EMAIL, password="lovelace", next="/cart")

    assert ("Location", "/cart") in response.headers
    assert len(cookie(response, "session")) == 32


def test_a_wrong_password_is_refused(shop: Shop) -> None:
    post(shop, "/register", email=EMAIL, password="lovelace")

    assert post(shop, "/login", email=EMAIL, password="byron").status == "403 Forbidden"


def test_reset_tokens_differ(shop: Shop) -> None:
    assert accounts.start_reset(shop, EMAIL) != accounts.start_reset(shop, EMAIL)


def test_the_owner_takes_a_price_list_in(shop: Shop) -> None:
    document = '<list><product sku="OO1"><name>Oolong</name><price>11</price></product></list>'

    response = post(shop, "/admin/prices", session_of_the_owner(shop), document=document)

    assert "1 prices taken in" in response.body.decode()
    assert catalogue.search(shop, "Oolong")[0]["price"] == 11.0


def test_a_visitor_cannot_take_a_price_list_in(shop: Shop) -> None:
    document = '<list><product sku="DA1"><name>Darjeeling</name><price>0</price></product></list>'

    response = post(shop, "/admin/prices", document=document)

    assert not response.status.startswith("2")
    assert catalogue.search(shop, "Darj")[0]["price"] == 12.5


def test_pictures_are_unpacked(shop: Shop, tmp_path: Path) -> None:
    archive = tmp_path / "pictures.tar"
    with tarfile.open(archive, "w") as pictures:
        entry = tarfile.TarInfo("assam.jpg")
        entry.size = 3
        pictures.addfile(entry, io.BytesIO(b"jpg"))

    assert catalogue.unpack_pictures(shop, archive) == ["assam.jpg"]


def test_sales_are_written_and_archived(shop: Shop, tmp_path: Path) -> None:
    orders.place_order(shop, EMAIL, {"DA1": 1}, "2026-11")

    report = reports.write_sales(shop, "2026-11")
    archive = reports.archive_reports(shop, "november")
    copy = reports.send_to_bookkeeper(archive, str(tmp_path / "inbox"))

    assert report.read_text().splitlines() == ["id,email,total", f"1,{EMAIL},12.5"]
    with tarfile.open(copy) as packed:
        assert any(name.endswith(".csv") for name in packed.getnames())


def test_an_invoice_is_downloaded(shop: Shop) -> None:
    (shop.files / "invoices" / "7.pdf").write_bytes(b"%PDF")

    assert get(shop, "/invoice", name="7.pdf").body == b"%PDF"


def test_notifications_are_known_by_their_signature() -> None:
    body = b'{"order": 7}'

    assert integrations.is_from_provider(body, integrations.sign(body))
    assert not integrations.is_from_provider(body, integrations.sign(b"other"))


def test_a_charge_is_asked_for_in_cents() -> None:
    call = integrations.charge_request(7, 12.5)

    assert call.data == b'{"order": 7, "cents": 1250}'


def test_pictures_keep_the_name_of_their_address() -> None:
    assert integrations.picture_name("https://supplier.example/a/assam.jpg?size=2") == "assam.jpg"


def test_the_application_answers_over_wsgi(shop: Shop) -> None:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/nowhere", "wsgi.input": io.BytesIO()}
    started: list[str] = []

    body = b"".join(create_app(shop)(environ, lambda status, _headers: started.append(status)))

    assert started == ["404 Not Found"]
    assert b"no such page" in body
