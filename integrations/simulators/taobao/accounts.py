"""Apps, shops and the tokens that join them."""

import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class App:
    """A registered application; the secret signs, the key names it."""

    key: str
    secret: str


@dataclass(slots=True)
class Seller:
    """A shop's account on the platform, with the tokens it has given to one app."""

    key: str
    nick: str
    user_id: str
    app_key: str
    session: str
    refresh_token: str
    code: str
    session_works: bool = True
    code_used: bool = False


def demo_app() -> App:
    """The app of the recorded samples."""
    return App("33712345", "b3f1c0d9e8a74655a1c2d3e4f5061728")


def demo_sellers() -> list[Seller]:
    """Two shops of one app; the first is the shop of the recorded samples."""
    return [
        Seller(
            key="demo1",
            nick="demo旗舰店",
            user_id="2200812345678",
            app_key="33712345",
            session="6100a2b3c4d5e6f7081920a1b2c3d4e5f60718293a4b5c62200812345678",
            refresh_token="6101demoRefreshToken0001",
            code="demoAuthCode",
        ),
        Seller(
            key="demo2",
            nick="demo母婴专营店",
            user_id="2200887654321",
            app_key="33712345",
            session="6100f0e1d2c3b4a5968778695a4b3c2d1e0f0a1b2c3d4e52200887654321",
            refresh_token="6101demoRefreshToken0002",
            code="demoAuthCode2",
        ),
    ]


@dataclass(slots=True)
class Accounts:
    """Who may call: looked up by app key, by session, by code and by refresh token."""

    apps: dict[str, App] = field(default_factory=dict)
    sellers: dict[str, Seller] = field(default_factory=dict)
    _by_session: dict[str, Seller] = field(default_factory=dict)

    @classmethod
    def demo(cls) -> "Accounts":
        """The app and shops that demo and tests know."""
        app = demo_app()
        accounts = cls(apps={app.key: app})
        for seller in demo_sellers():
            accounts.sellers[seller.key] = seller
            accounts._by_session[seller.session] = seller
        return accounts

    def seller_of(self, session: str, app_key: str) -> Seller | None:
        """The shop behind a session that works and belongs to this app."""
        seller = self._by_session.get(session)
        if seller is None or not seller.session_works or seller.app_key != app_key:
            return None
        return seller

    def seller_for_code(self, code: str, app_key: str) -> Seller | None:
        """The shop that gave this authorisation code; a code works once."""
        for seller in self.sellers.values():
            if seller.code == code and seller.app_key == app_key and not seller.code_used:
                seller.code_used = True
                seller.session_works = True
                return seller
        return None

    def refresh(self, refresh_token: str, app_key: str) -> Seller | None:
        """New tokens for the shop; the old session and the old refresh token are dead."""
        for seller in self.sellers.values():
            if seller.refresh_token == refresh_token and seller.app_key == app_key:
                self.use_session(seller, f"6100{secrets.token_hex(22)}{seller.user_id}")
                seller.refresh_token = f"6101{secrets.token_hex(12)}"
                return seller
        return None

    def use_session(self, seller: Seller, session: str) -> None:
        """Make ``session`` the one working session of the shop."""
        self._by_session.pop(seller.session, None)
        seller.session = session
        seller.session_works = True
        self._by_session[session] = seller


def token_answer(seller: Seller, template: dict[str, Any]) -> dict[str, Any]:
    """The token JSON of the sample, filled for this shop; nicks are URL-encoded there."""
    return template | {
        "access_token": seller.session,
        "refresh_token": seller.refresh_token,
        "taobao_user_nick": quote(seller.nick),
        "taobao_user_id": seller.user_id,
        "sub_taobao_user_id": str(int(seller.user_id) + 1),
        "sub_taobao_user_nick": quote(f"{seller.nick}:ops", safe=""),
    }
