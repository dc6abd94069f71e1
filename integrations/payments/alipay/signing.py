"""Signing and reading what Alipay signs: RSA2 over sorted parameters (execution.md 17)."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.payments.rsa import is_signed, sign

# A notice's own signature and how it was made are not part of the signed text.
_NOT_IN_NOTICE = frozenset({"sign", "sign_type", "alipay_cert_sn"})


def request_text(params: Mapping[str, str]) -> str:
    """What is signed of a request: all non-empty parameters but `sign`, sorted, not encoded."""
    return "&".join(
        f"{name}={params[name]}" for name in sorted(params) if name != "sign" and params[name]
    )


def signed(params: Mapping[str, str], private_key: str) -> dict[str, str]:
    """The parameters with their signature."""
    return {**params, "sign": sign(request_text(params), private_key)}


def notice_text(params: Mapping[str, str]) -> str:
    """What is signed of a notice: decoded values, without the signature and its type."""
    kept = {name: value for name, value in params.items() if name not in _NOT_IN_NOTICE}
    return "&".join(f"{name}={kept[name]}" for name in sorted(kept) if kept[name])


def is_notice_genuine(params: Mapping[str, str], public_key: str) -> bool:
    """True when Alipay signed exactly these values."""
    return is_signed(notice_text(params).encode(), params.get("sign", ""), public_key)


def is_reply_genuine(body: str, node: str, signature: str, public_key: str) -> bool:
    """True when the node of the reply, as it came, was signed."""
    text = node_text(body, node)
    return text is not None and is_signed(text.encode(), signature, public_key)


def node_text(body: str, node: str) -> str | None:
    """The raw text of a node of the reply, from its `{` to the matching `}`.

    Braces inside texts don't count. None where there is no such node.
    """
    found = body.find(f'"{node}"')
    start = body.find("{", found) if found >= 0 else -1
    if start < 0 or body[found + len(node) + 2 : start].strip() != ":":
        return None
    depth, place, in_text = 0, start, False
    while place < len(body):
        letter = body[place]
        if in_text:
            if letter == "\\":
                place += 1
            elif letter == '"':
                in_text = False
        elif letter == '"':
            in_text = True
        elif letter in "{}":
            depth += 1 if letter == "{" else -1
            if depth == 0:
                return body[start : place + 1]
        place += 1
    return None
