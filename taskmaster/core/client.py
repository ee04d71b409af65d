"""Who calls, as far as the connection tells."""

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple

from .current import current_request

WITH_PORT = re.compile(r"\[(.+)\](?::\d+)?|([\d.]+):\d+")
IPV6_PREFIX = 64  # bits: one network; a customer may have several (RFC 6177)


class Client(NamedTuple):
    """A caller: the address by which limits count, and the program."""

    address: str
    user_agent: str


def current_client() -> Client:
    """Return who sent the request."""
    return Client(client_address(), current_request().user_agent.string[:255].replace("\0", ""))


def client_address() -> str:
    """Return the address by which limits count the request."""
    return counted(current_request().remote_addr or "unknown")


@lru_cache(maxsize=1024)
def counted(address: str) -> str:
    """Return an address as limits count it: IPv6 by its network, IPv4 in IPv6 as IPv4."""
    if with_port := WITH_PORT.fullmatch(address):  # some proxies write it so
        address = with_port[1] or with_port[2]
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:  # a socket of the file system has none
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, IPV6_PREFIX), strict=False))
    return str(found)
