"""What can be done with a webhook besides changing its fields."""

from __future__ import annotations

from integrations.partners import actions
from ordercenter.core.actor import Actor
from ordercenter.core.api.shapes import Integer, Shape
from ordercenter.core.api.verbs import Values, Verb


def _test(pk: int, seen: int, _values: Values, actor: Actor) -> object:
    return actions.send_test(pk, seen=seen, actor=actor)


def _replay(pk: int, seen: int, values: Values, actor: Actor) -> object:
    return actions.replay(pk, after=values["after"], seen=seen, actor=actor)


def _rotate(pk: int, seen: int, _values: Values, actor: Actor) -> object:
    return actions.rotate_secret(pk, seen=seen, actor=actor)


VERBS = (
    Verb("test", "Send a test message to a webhook", Shape(), _test),
    Verb(
        "replay",
        "Send messages of a webhook once more",
        Shape(
            Integer(
                "after",
                0,
                2**53,
                required=True,
                about="Every message with a greater number is sent again, 30 days back at most.",
            )
        ),
        _replay,
    ),
)
ROTATE = Verb("rotate_secret", "Give a webhook a new signing secret", Shape(), _rotate)
