"""The Postman collection, run by newman as its page says: each request holds its reply."""

import re

from postman.steps import FOLDERS
from tests.docs.blocks import block, run
from tests.support.databases import ON_SQLITE
from tests.support.server import Server


@ON_SQLITE
def test_the_collection_works_in_its_order(server: Server) -> None:
    output = run(server.url, block("newman"))
    count = sum(map(len, FOLDERS.values()))
    for what in ("requests", "assertions"):
        assert re.search(rf"{what} │ +{count} │ +0 │", output), output
