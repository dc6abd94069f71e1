"""Tokens: the authorisation-code exchange and the refresh."""

import json
from collections.abc import Mapping
from typing import Any

from ..files import load
from ..wire import FORM_TYPE, Request, Response, form_as_text, json_response
from .accounts import token_answer
from .errors import invalid_session, missing_argument
from .platform import SYSTEM, Platform


def _template() -> dict[str, Any]:
    template: dict[str, Any] = load("taobao/oauth_token.response.json")
    return template


def oauth_token(platform: Platform, request: Request) -> Response:
    """``POST /token``: a code, which works once, or a refresh token for a session."""
    platform.counters.call(SYSTEM, "oauth.token")
    if request.method != "POST" or request.media_type != FORM_TYPE:
        return _oauth_error(platform, "invalid_request", "POST a form")
    try:
        form = form_as_text(request)
    except ValueError as error:
        return _oauth_error(platform, "invalid_request", str(error))
    app = platform.accounts.apps.get(form.get("client_id", ""))
    if app is None or app.secret != form.get("client_secret"):
        return _oauth_error(platform, "invalid_client", "client_id or client_secret is wrong")
    if form.get("grant_type") == "authorization_code":
        if not form.get("redirect_uri"):
            return _oauth_error(platform, "invalid_request", "redirect_uri is missing")
        seller = platform.accounts.seller_for_code(form.get("code", ""), app.key)
    elif form.get("grant_type") == "refresh_token":
        seller = platform.accounts.refresh(form.get("refresh_token", ""), app.key)
    else:
        return _oauth_error(platform, "unsupported_grant_type", "unknown grant_type")
    if seller is None:
        return _oauth_error(platform, "invalid_grant", "code or refresh token is not valid")
    return json_response(token_answer(seller, _template()))


def token_refresh(platform: Platform, app_key: str, args: Mapping[str, str]) -> dict[str, Any]:
    """``taobao.top.auth.token.refresh``: needs no session; the result is JSON inside a text."""
    if not args.get("refresh_token"):
        raise missing_argument("refresh_token")
    seller = platform.accounts.refresh(args["refresh_token"], app_key)
    if seller is None:
        raise invalid_session()
    answer = token_answer(seller, _template())
    return {"token_result": json.dumps(answer, ensure_ascii=False)}


def _oauth_error(platform: Platform, error: str, description: str) -> Response:
    platform.counters.refusal(SYSTEM, f"oauth:{error}")
    return json_response({"error": error, "error_description": description}, 400)
