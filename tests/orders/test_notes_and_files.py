"""Words and files that belong to an order."""

import pytest

from ordercenter.core.actor import SYSTEM, Actor
from ordercenter.core.errors import BadInput, Forbidden, NotFound
from ordercenter.core.models import Event
from orders.actions import add_note, attach_file
from orders.actions import notes as notes_module
from orders.models import Attachment, OrderNote
from tests.factories import OrderFactory
from tests.support.snapshots import everything

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"
NOBODY = Actor("person", "x", "admin", permissions=frozenset())


@pytest.fixture
def order():
    return OrderFactory()


def attach(order, name="面单.png", content=PNG, **wanted) -> Attachment:
    wanted = {"kind": Attachment.Kind.PHOTO, "actor": SYSTEM} | wanted
    return attach_file(order.pk, name=name, content=content, **wanted)


class TestNotes:
    @pytest.mark.parametrize("text", ["送货前打电话", "x" * 500, "表情😀"])
    def test_a_note_stands_on_the_order_and_its_story(self, order, text):
        add_note(order.pk, text=f"  {text}\n", actor=SYSTEM)

        assert OrderNote.objects.get().text == text
        assert Event.objects.get(kind="order.note_added").data == {"text": text}

    @pytest.mark.parametrize("text", ["", " \n", "x" * 501])
    def test_an_empty_or_too_long_one_is_refused(self, order, text):
        before = everything(order)

        with pytest.raises(BadInput) as refusal:
            add_note(order.pk, text=text, actor=SYSTEM)

        assert refusal.value.details == {"fields": {"text": ["length"]}}
        assert everything(order) == before

    def test_needs_permission_and_an_order(self, order):
        with pytest.raises(Forbidden):
            add_note(order.pk, text="x", actor=NOBODY)
        with pytest.raises(NotFound):
            add_note(order.pk + 1, text="x", actor=SYSTEM)

    def test_a_note_does_not_make_other_peoples_forms_stale(self, order):
        add_note(order.pk, text="x", actor=SYSTEM)

        order.refresh_from_db()
        assert order.version == 1


class TestFiles:
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.png", PNG),
            ("a.JPG", b"\xff\xd8\xff\xe0..."),
            ("a.jpeg", b"\xff\xd8\xff\xe0..."),
            ("a.webp", b"RIFF....WEBPVP8 "),
            ("a.pdf", b"%PDF-1.7"),
            ("a.mp4", b"\x00\x00\x00\x18ftypmp42"),
        ],
    )
    def test_pictures_papers_and_films_are_kept(self, order, name, content):
        attachment = attach(order, name, content)

        attachment.refresh_from_db()
        with attachment.file.open() as file:
            assert file.read() == content
        assert (attachment.name, attachment.size) == (name, len(content))

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.png", b""),
            ("a.png", b"<script>"),
            ("a.svg", b"<svg>"),
            ("a.html", PNG),
            ("a.pdf", PNG),
            ("a.exe", b"MZ"),
        ],
    )
    def test_anything_else_is_refused_whatever_it_calls_itself(self, order, name, content):
        before = everything(order)

        with pytest.raises(BadInput) as refusal:
            attach(order, name, content)

        assert refusal.value.details == {"fields": {"file": ["type"]}}
        assert everything(order) == before

    def test_a_too_large_one_is_refused(self, order, monkeypatch):
        monkeypatch.setattr(notes_module, "LARGEST_FILE", len(PNG) - 1)

        with pytest.raises(BadInput) as refusal:
            attach(order)

        assert refusal.value.details == {"fields": {"file": ["size"]}}

    def test_the_same_content_twice_is_one_attachment(self, order):
        assert attach(order, "a.png") == attach(order, "b.png")
        assert Event.objects.filter(kind="order.file_attached").count() == 1

    def test_another_orders_file_may_be_the_same(self, order):
        attach(order)
        attach(OrderFactory())

        assert Attachment.objects.count() == 2

    @pytest.mark.parametrize("name", ["../../etc/passwd.png", "/abs/x.png", "名" * 300 + ".png"])
    def test_the_uploaded_name_never_becomes_a_path(self, order, name):
        attachment = attach(order, name)

        assert attachment.file.name == f"orders/{order.pk}/{attachment.sha256[:32]}.png"
        assert attachment.name == name[-120:]

    def test_needs_the_permission(self, order):
        with pytest.raises(Forbidden):
            attach(order, actor=NOBODY)
        assert not Attachment.objects.exists()
