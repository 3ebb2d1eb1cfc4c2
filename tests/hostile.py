"""
URLs that a merchant may try on us, in one table: each door that takes or calls a merchant's URL is held against it.

``{port}`` stands for the port of a server on this machine that must never hear anything.
"""

from typing import Final

# Refused as soon as they are given, whoever asks: no name server is needed to see what they are.
URLS: Final = {
    "loopback": "http://127.0.0.1:{port}/",
    "loopback in short": "http://127.1:{port}/",
    "another loopback": "http://127.255.255.254:{port}/",
    "this host": "http://0.0.0.0:{port}/",
    "this host in short": "http://0:{port}/",
    "decimal": "http://2130706433:{port}/",
    "hexadecimal": "http://0x7f000001:{port}/",
    "hexadecimal by parts": "http://0x7f.0x0.0x0.0x1:{port}/",
    "octal": "http://017700000001:{port}/",
    "octal by parts": "http://0177.0.0.01:{port}/",
    "full-width digits": "http://\uff11\uff12\uff17.0.0.1:{port}/",
    "circled digits": "http://\u2460\u2461\u2466.0.0.1:{port}/",
    "ideographic stops": "http://127\u30020\u30020\u30021:{port}/",
    "escaped host": "http://%31%32%37.0.0.1:{port}/",
    "the name": "http://localhost:{port}/",
    "a name below the name": "http://shop.localhost:{port}/",
    "the name with a dot": "http://localhost.:{port}/",
    "IPv6 loopback": "http://[::1]:{port}/",
    "IPv6 loopback at length": "http://[0:0:0:0:0:0:0:1]:{port}/",
    "IPv6 nowhere": "http://[::]:{port}/",
    "mapped": "http://[::ffff:127.0.0.1]:{port}/",
    "mapped in hex": "http://[::ffff:7f00:1]:{port}/",
    "compatible": "http://[::127.0.0.1]:{port}/",
    "6to4": "http://[2002:7f00:1::]:{port}/",
    "NAT64": "http://[64:ff9b::7f00:1]:{port}/",
    "link-local with a zone": "http://[fe80::1%25lo]:{port}/",
    "private": "http://10.0.0.1/",
    "carrier": "http://100.64.0.1/",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "metadata of IPv6": "http://[fd00:ec2::254]/latest/meta-data/",
    "multicast": "http://224.0.0.1/",
    "broadcast": "http://255.255.255.255/",
    "credentials": "http://user:password@127.0.0.1:{port}/",
    "credentials before a good name": "https://127.0.0.1:{port}@shop.example/",
    "a good name as credentials": "https://shop.example@127.0.0.1:{port}/",
    "a backslash": "http://shop.example\\@127.0.0.1:{port}/",
    "a tab": "http://127.0.0.1\t:{port}/",
    "a line break": "http://shop.example:{port}/\r\nHost: internal",
    "NUL": "http://shop.example\0.127.0.0.1:{port}/",
    "no scheme": "//127.0.0.1:{port}/",
    "file": "file:///etc/passwd",
    "gopher": "gopher://127.0.0.1:{port}/_PING",
    "ftp": "ftp://127.0.0.1:{port}/",
    "data": "data:text/plain,x",
    "unix": "http+unix://%2Frun%2Fdocker.sock/",
    "port 0": "http://shop.example:0/",
    "port beyond": "http://shop.example:65536/",
    "port that is none": "http://shop.example:{port}x/",
    "too long": "http://shop.example/" + "a" * 2048,
    "empty host": "http:///x",
}
# What a name server of theirs may answer; one address inside spoils them all.
ANSWERS: Final = {
    "loopback": ["127.0.0.1"],
    "IPv6 loopback": ["::1"],
    "mapped": ["::ffff:127.0.0.1"],
    "NAT64": ["64:ff9b::7f00:1"],
    "6to4": ["2002:7f00:1::"],
    "metadata": ["169.254.169.254"],
    "private behind public": ["8.8.8.8", "10.0.0.1"],
    "private before public": ["192.168.0.1", "8.8.8.8"],
}


def urls(port: int = 1) -> dict[str, str]:
    """Return the table with ``port`` in place."""
    return {name: url.replace("{port}", str(port)) for name, url in URLS.items()}
