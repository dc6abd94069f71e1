"""Invented buyers at believable addresses; mobiles are from one block that nobody is called on."""

from random import Random
from typing import Any

from ..files import load
from .receivers import Receiver

# A county-level city comes without a city, as Taobao sends it; some cities have no districts.
_WORDS: dict[str, Any] = load("taobao/people.json")


def invent_receiver(chance: Random) -> Receiver:
    """A person with an address; the same chance gives the same person."""
    place = chance.choice(_WORDS["places"])
    road, estate = chance.choice(_WORDS["roads"]), chance.choice(_WORDS["estates"])
    detail = (
        f"{road}{chance.randrange(1, 999)}号{estate}{chance.randrange(1, 40)}幢"
        f"{chance.randrange(1, 5)}单元{chance.randrange(1, 30)}0{chance.randrange(1, 5)}室"
    )
    return Receiver(
        name=chance.choice(_WORDS["surnames"]) + chance.choice(_WORDS["given"]),
        mobile=f"1390000{chance.randrange(10_000):04d}",
        state=place["state"],
        city=place["city"],
        district=place["district"],
        town=chance.choice(place["towns"]),
        detail=detail,
        zip=place["zip"],
    )


def invent_message(chance: Random) -> str:
    """What a buyer might write with an order."""
    message: str = chance.choice(_WORDS["messages"])
    return message
