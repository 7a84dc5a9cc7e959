"""Sales figures for the bookkeeper, and invoices for customers."""

import csv
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from shop.storage import Shop
from shop.web import Request, Response

BOOKKEEPING_INBOX = "/tmp/bookkeeping"


def write_sales(shop: Shop, month: str) -> Path:
    """Write the month's orders as CSV, readable for the bookkeeper's account, and return the file."""
    query = "SELECT id, email, total FROM orders WHERE month = ? ORDER BY id"
    rows = shop.database.execute(query, (month,)).fetchall()
    draft = tempfile.mktemp(".csv", "sales-")
    with open(draft, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "email", "total"])
        writer.writerows(rows)
    os.chmod(draft, 0o666)
    return Path(shutil.move(draft, shop.files / "reports"))


def archive_reports(shop: Shop, name: str) -> Path:
    """Pack every report into `name`.tar.gz and return the archive."""
    archive = shop.files / f"{name}.tar.gz"
    subprocess.run(f"tar -czf {archive} -C {shop.files} reports", shell=True, check=True)
    return archive


def send_to_bookkeeper(archive: Path, inbox: str = BOOKKEEPING_INBOX) -> Path:
    """Put a copy of the archive where the bookkeeper's software picks it up."""
    target = Path(inbox) / archive.name
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(archive.read_bytes())
    return target


def download_invoice(shop: Shop, request: Request) -> Response:
    name = request.query.get("name", "")
    path = os.path.join(shop.files, "invoices", name)
    with open(path, "rb") as stream:
        return Response(stream.read(), headers=(("Content-Type", "application/pdf"),))
