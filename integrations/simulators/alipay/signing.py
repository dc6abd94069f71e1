"""Alipay's RSA2 signatures (execution.md, section 17)."""

from ..keys import KeyPair


def joined(pairs: dict[str, str], without: tuple[str, ...]) -> bytes:
    """``a=1&b=2`` over what is left and not empty, by name, not encoded."""
    names = sorted(name for name, value in pairs.items() if value and name not in without)
    return "&".join(f"{name}={pairs[name]}" for name in names).encode()


def is_request_signed(form: dict[str, str], key: KeyPair) -> bool:
    """Whether the app's owner signed this form."""
    return key.has_signed(joined(form, ("sign",)), form.get("sign", ""))


def sign_notice(form: dict[str, str], key: KeyPair) -> dict[str, str]:
    """The notice with its signature, which covers neither itself nor its type."""
    return {**form, "sign": key.sign(joined(form, ("sign", "sign_type")))}
