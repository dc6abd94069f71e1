"""The machines are exactly these."""

from rma.models import Refund, Return, UnknownParcel


def moves(model) -> set[tuple[str, str, str]]:
    return {(t.source, t.name, t.target) for t in model().get_all_state_transitions()}


def test_a_return_moves_like_this():
    assert moves(Return) == {
        ("requested", "authorise", "authorised"),
        ("requested", "refuse", "refused"),
        ("requested", "close", "closed"),
        ("authorised", "post", "on_the_way"),
        ("authorised", "receive", "received"),
        ("authorised", "settle_unseen", "settling"),
        ("authorised", "close", "closed"),
        ("on_the_way", "receive", "received"),
        ("on_the_way", "close", "closed"),
        ("received", "receive", "received"),
        ("received", "inspect", "inspected"),
        ("received", "close", "closed"),
        ("inspected", "settle", "settling"),
        ("inspected", "close", "closed"),
        ("settling", "finish", "settled"),
    }


def test_a_refund_moves_like_this():
    assert moves(Refund) == {
        ("planned", "send", "sending"),
        ("planned", "pay_out", "succeeded"),
        ("planned", "call_off", "failed"),
        ("sending", "succeed", "succeeded"),
        ("sending", "fail", "failed"),
    }


def test_an_unknown_parcel_moves_like_this():
    assert moves(UnknownParcel) == {
        ("waiting", "assign", "assigned"),
        ("waiting", "close", "closed"),
    }
