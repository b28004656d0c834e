# SPDX-License-Identifier: Apache-2.0
"""A small online shop: lists goods, takes orders. GET /, /orders, /release, /health; POST /order?good=NAME."""
import html
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import psycopg2

DATABASE = os.environ["SHOP_DATABASE"]
PASSWORD = os.environ["SHOP_PASSWORD"]
RELEASE = os.environ.get("SHOP_RELEASE", "0")
PATIENCE_S = 20  # how long a request waits for a database that is being restarted

SCHEMA = """
SELECT pg_advisory_xact_lock(1);
CREATE TABLE IF NOT EXISTS goods (name text PRIMARY KEY, cents int NOT NULL, stock int NOT NULL CHECK (stock >= 0));
CREATE TABLE IF NOT EXISTS orders (id serial PRIMARY KEY, good text NOT NULL REFERENCES goods, at timestamptz DEFAULT now());
INSERT INTO goods VALUES ('teapot', 2450, 100), ('cup', 690, 400), ('tray', 1900, 50) ON CONFLICT DO NOTHING;
"""


class Refused(Exception):
    """The request cannot be fulfilled; its text is for the customer."""


local = threading.local()


def query(*statements):
    """Runs the statements as one transaction, again on a new connection when the database has gone."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            if not getattr(local, "connection", None):
                local.connection = psycopg2.connect(DATABASE, password=PASSWORD)
            with local.connection as connection, connection.cursor() as cursor:
                for sql, *values in statements:
                    cursor.execute(sql, values)
                    if sql.startswith("UPDATE") and cursor.rowcount == 0:
                        raise Refused("no such good")
                return cursor.fetchall() if cursor.description else []
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            local.connection = None
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def front_page(_):
    rows = query(("SELECT name, cents, stock FROM goods ORDER BY name",))
    goods = "".join(f"<li>{html.escape(n)}: {c / 100:.2f} ({s} left)</li>" for n, c, s in rows)
    return f"<title>Shop</title><h1>Shop, release {html.escape(RELEASE)}</h1><ul>{goods}</ul>\n"


def count_orders(_):
    return f"{query(('SELECT count(*) FROM orders',))[0][0]}\n"


def order(arguments):
    good = arguments.get("good", [""])[0]
    try:
        rows = query(("UPDATE goods SET stock = stock - 1 WHERE name = %s", good),
                     ("INSERT INTO orders (good) VALUES (%s) RETURNING id", good))
    except psycopg2.errors.CheckViolation:
        raise Refused("sold out") from None
    return f"order {rows[0][0]}\n"


PAGES = {
    ("GET", "/"): front_page,
    ("GET", "/orders"): count_orders,
    ("GET", "/release"): lambda _: RELEASE + "\n",
    ("GET", "/health"): lambda _: f"{query(('SELECT 1',))[0][0]}\n",
    ("POST", "/order"): order,
}


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        url = urlsplit(self.path)
        page = PAGES.get((self.command, url.path))
        status, text = 404, "no such page\n"
        try:
            if page:
                status, text = 200, page(parse_qs(url.query))
        except Refused as refused:
            status, text = 409, f"{refused}\n"
        except psycopg2.Error as error:
            status, text = 503, f"database: {error}\n"
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer


def main():
    server = ThreadingHTTPServer(("", 8000), Handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    query((SCHEMA,))
    print(f"release {RELEASE} is open", flush=True)
    server.serve_forever()


main()
