"""Every token that must be refused, made from a good one, and the code that refuses it."""

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import jwt

from tests.support.api import PASSWORD, Api, User, succeed
from tests.support.databases import Database
from tests.support.settings import SECRET
from tests.support.tables import nothing_changes

Forgery = Callable[[User], str]
OTHER_KEY = "another-secret-that-nobody-configured-0123456789"


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token says, unverified."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def key_id(token: str) -> str:
    """Return which key a token names."""
    return str(jwt.get_unverified_header(token)["kid"])


def sign(token: str, key: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    """Sign a token's claims again, changed; None takes a claim out."""
    claims = {k: v for k, v in {**claims_of(token), **changes}.items() if v is not None}
    # By hand: PyJWT would refuse to sign a `sub` that is no string.
    return assemble({"alg": algorithm, "typ": "JWT", "kid": key_id(token)}, claims, key)


def assemble(header: dict[str, Any], claims: Any, key: str | None = SECRET) -> str:
    """Put a token together by hand, signed with HMAC whatever its header says."""
    signed = f"{_encode(header)}.{_encode(claims)}"
    digest = {"HS384": "sha384", "HS512": "sha512"}.get(str(header.get("alg")), "sha256")
    signature = b"" if key is None else hmac.digest(key.encode(), signed.encode(), digest)
    return f"{signed}.{_base64(signature)}"


def _encode(part: Any) -> str:
    return _base64(json.dumps(part).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unsigned(algorithm: str) -> Forgery:
    return lambda user: assemble({"alg": algorithm}, claims_of(user.access), None)


def _headed(**header: Any) -> Forgery:
    return lambda user: assemble({"alg": "HS256", **header}, claims_of(user.access), OTHER_KEY)


def _changed(**changes: Any) -> Forgery:
    """Change claims without the key: the signature stays as it was."""

    def forge(user: User) -> str:
        head, _, signature = user.access.split(".")
        return f"{head}.{_encode({**claims_of(user.access), **changes})}.{signature}"

    return forge


def _resigned(**changes: Any) -> Forgery:
    """Change claims with the right key, as a fault of ours might."""
    return lambda user: sign(user.access, **changes)


def _now(seconds: int) -> int:
    return int(time.time()) + seconds  # noqa: TID251 - the server's own clock is what counts


def _expired(user: User) -> str:
    return sign(user.access, exp=_now(-1))


def _early(user: User) -> str:
    return sign(user.access, iat=_now(600), nbf=_now(-600))


def _ended(user: User) -> str:
    succeed(user.post("auth/logout/"))
    return user.access


def _password_changed(user: User) -> str:
    other = user.login(user.username)
    body = dict.fromkeys(("new_password_1", "new_password_2"), "staple battery")
    succeed(other.post("auth/profile/password/", {"old_password": PASSWORD, **body}))
    return user.access


def _account_deleted(user: User) -> str:
    succeed(user.post("auth/profile/delete/", {"password": PASSWORD}))
    return user.access


def _other_users_session(user: User) -> str:
    return sign(user.access, sid=claims_of(user.register().access)["sid"])


INVALID: dict[str, Forgery] = {
    "nonsense": lambda user: "nonsense",
    "two parts": lambda user: user.access.rpartition(".")[0],
    "four parts": lambda user: user.access + ".x",
    "no signature": lambda user: user.access.rpartition(".")[0] + ".",
    "cut short": lambda user: user.access[:-2],
    "not UTF-8": lambda user: user.access[:-4] + "ÿÿÿÿ",
    "100,000 characters": lambda user: user.access + "x" * 7000,
    "claims that are no object": lambda user: assemble({"alg": "HS256"}, [1, 2]),
    "claims nested deeply": lambda user: assemble({"alg": "HS256"}, _nested(500)),
    "HS512 with the right key": lambda user: sign(user.access, algorithm="HS512"),
    "RS256, signed with HMAC": lambda user: sign(user.access, algorithm="RS256"),
    "another key": lambda user: sign(user.access, OTHER_KEY),
    "an empty key": lambda user: assemble({"alg": "HS256"}, claims_of(user.access), ""),
    "the key id as key": lambda user: sign(user.access, key_id(user.access)),
    "a key id of a path": _headed(kid="../../dev/null"),
    "a key id of another type": _headed(kid={"$ne": ""}),
    "a key in the header": _headed(jwk={"kty": "oct", "k": _base64(OTHER_KEY.encode())}),
    "a key behind a URL": _headed(jku="http://127.0.0.1:1/keys", x5u="http://127.0.0.1:1/"),
    "a critical extension": _headed(crit=["exp"], exp=1),
    "changed user": _changed(sub=str(uuid4())),
    "changed lifetime": _changed(exp=2**40),
    "issued in the future": _early,
    **{f"alg {name}": _unsigned(name) for name in ("none", "None", "nOnE", "NONE", "")},
    **{f"no {name}": _resigned(**{name: None}) for name in
       ("sub", "type", "sid", "gen", "iat", "exp", "jti")},
    **{f"{name} {value!r}": _resigned(**{name: value}) for name, value in [
        ("sub", 1), ("sub", True), ("sub", ["x"]), ("sub", {"x": 1}), ("sub", ""),
        ("sub", "1' OR '1'='1"), ("sid", 5), ("sid", "x"), ("sid", ["x"]), ("gen", "0"),
        ("gen", True), ("gen", 1.5), ("exp", "tomorrow"), ("exp", True), ("exp", [1]),
        ("type", "admin"), ("type", 1), ("type", ["access"]), ("iat", "yesterday"), ("nbf", "x"),
    ]},
}  # fmt: skip
OTHERS: dict[str, tuple[Forgery, str]] = {
    "refresh as access": (lambda user: user.refresh, "wrong_token_type"),
    "refresh, renamed": (_changed(type="refresh"), "invalid_token"),
    "expired by a second": (_expired, "token_expired"),
    "another user, rightly signed": (_resigned(sub=str(uuid4())), "token_revoked"),
    "session that never was": (_resigned(sid=str(uuid4())), "token_revoked"),
    "session of another user": (_other_users_session, "token_revoked"),
    "ended session": (_ended, "token_revoked"),
    "changed password": (_password_changed, "token_revoked"),
    "deleted user": (_account_deleted, "token_revoked"),
}


def each_forgery(api: Api, database: Database) -> Iterator[tuple[str, str, str]]:
    """Yield the name, the token and the code of each; no table may change while it is tried."""
    user = api.register()
    with nothing_changes(database):
        for name, forge in INVALID.items():
            yield name, forge(user), "invalid_token"
    for name, (forge, code) in OTHERS.items():
        token = forge(api.register())
        with nothing_changes(database):
            yield name, token, code


def _nested(depth: int) -> Any:
    claims: Any = {}
    for _ in range(depth):
        claims = {"sub": claims}
    return claims
