"""Buttons that call actions.

A button is a method of a model admin with `@button`. Each has an address of its own: GET shows a
dialog, POST (with CSRF token) runs the method. The page shows only buttons that the person may
press and the subject allows now; pressing checks both again, and the action decides in the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from ordercenter.core.actor import Actor
from ordercenter.core.adminkit import wishes
from ordercenter.core.adminkit.dialogs import Dialog
from ordercenter.core.adminkit.story import last_sequence, story
from ordercenter.core.errors import BadInput, ChangedMeanwhile, DomainError, WrongState
from ordercenter.core.lifecycle import ask_guards, why_not
from ordercenter.core.visitors import may, person_of

Possible = Callable[[Any, Actor], DomainError | None]
_CODE = re.compile(r"^[a-z_]+$")


@dataclass(frozen=True, slots=True)
class Button:
    """What a button is, besides the method behind it (`name`)."""

    name: str
    title: str | Promise
    permission: str
    form: type[Dialog]
    done: str | Promise
    icon: str
    says: str | Promise
    tone: str
    on_list: bool
    possible: Possible | None
    confirm: str | Promise = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A button on a page: with its address, or with the refusal that stands against it."""

    button: Button
    url: str
    refusal: str = ""


def button(
    title: str | Promise,
    *,
    permission: str,
    done: str | Promise = "",
    form: type[Dialog] = Dialog,
    icon: str = "",
    says: str | Promise = "",
    tone: str = "plain",
    on_list: bool = False,
    verb: str = "",
    possible: Possible | None = None,
    confirm: str | Promise = "",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a method of a model admin a button.

    The method takes (request, dialog, subject) and calls an action; it may return the sentence
    that says what is done, or an `HttpResponse`. `verb` names the move of the machine that must
    be possible, `possible` answers the same question for anything else. `on_list` buttons stand
    above the list and get no subject. The dialog ends with `confirm`, where that isn't `title`.
    """

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        method.button = Button(  # type: ignore[attr-defined]
            name=method.__name__,
            title=title,
            permission=permission,
            form=form,
            done=done,
            icon=icon,
            says=says,
            tone=tone,
            on_list=on_list,
            possible=_can_move(verb) if verb else possible,
            confirm=confirm,
        )
        return method

    return mark


def action_button(action: Callable[..., Any], title: str | Promise, **looks: Any) -> Any:
    """A button that calls `action` with the subject's id, the version that the page showed and
    what was entered in its form. `looks` are the words of `button`."""

    @button(title, **looks)
    def press(self: Any, request: HttpRequest, form: Dialog, subject: Any) -> None:
        action(subject.pk, seen=form.seen_version, actor=actor_of(request), **form.values())

    return press


def _can_move(verb: str) -> Possible:
    return lambda subject, actor: why_not(subject, verb, actor)


def when(holds: Callable[[Any], bool]) -> Possible:
    """Possible for subjects of which this holds."""

    def answer(subject: Any, actor: Actor) -> DomainError | None:
        return None if holds(subject) else WrongState()

    return answer


def while_in(*states: str) -> Possible:
    """Possible in these states."""
    return when(lambda subject: subject.state in states)


def unless_guarded(verb: str, states: tuple[str, ...], too_late: DomainError) -> Possible:
    """For changes that are no moves: possible in these states when no guard stands against it."""

    def answer(subject: Any, actor: Actor) -> DomainError | None:
        if subject.state not in states:
            return too_late
        try:
            ask_guards(subject, verb, actor)
        except DomainError as refusal:
            return refusal
        return None

    return answer


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person, by the door of the admin pages."""
    return person_of(request, via="admin")


class TransitionButtons:
    """Mixin for a model admin: its `@button` methods, a bar that shows them, their addresses."""

    change_form_outer_before_template = "admin/kit/bar.html"
    list_before_template: str | None = "admin/kit/list_head.html"

    @classmethod
    def buttons(cls) -> dict[str, Button]:
        """The buttons by name, in the order they are written."""
        found: dict[str, Button] = {}
        for base in reversed(cls.__mro__):
            for name, member in vars(base).items():
                if isinstance(getattr(member, "button", None), Button):
                    found[name] = replace(member.button, name=name)
        return found

    # -- addresses ---------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        site, prefix = self.admin_site, self._prefix  # type: ignore[attr-defined]
        own = [
            path(
                f"{name}/" if item.on_list else f"<path:object_id>/{name}/",
                site.admin_view(self._view(item)),
                name=f"{prefix}_{name}",
            )
            for name, item in self.buttons().items()
        ]
        own.append(
            path(
                "<path:object_id>/conflict/<slug:token>/",
                site.admin_view(self.conflict_view),
                name=f"{prefix}_conflict",
            )
        )
        return own + super().get_urls()  # type: ignore[misc,no-any-return]

    @property
    def _prefix(self) -> str:
        meta = self.model._meta  # type: ignore[attr-defined]
        return f"{meta.app_label}_{meta.model_name}"

    def url_of(self, name: str, object_id: Any = None) -> str:
        """The address of a page or button of this admin."""
        args = [] if object_id is None else [object_id]
        return reverse(f"admin:{self._prefix}_{name}", args=args)

    # -- what a page shows -------------------------------------------------------------------

    def bar(self, request: HttpRequest, subject: Any) -> list[Shown]:
        """The buttons for this person and subject; blocked ones come with the reason."""
        actor = actor_of(request)
        query = urlencode(self._what_the_page_shows(subject))
        shown = []
        for name, item in self.buttons().items():
            if item.on_list or not actor.may(item.permission):
                continue
            refusal = item.possible(subject, actor) if item.possible else None
            if refusal is None:
                shown.append(Shown(item, f"{self.url_of(name, subject.pk)}?{query}"))
            elif refusal.code in ("on_hold", "blocked"):
                shown.append(Shown(item, "", str(refusal)))
        return shown

    def list_bar(self, request: HttpRequest) -> list[Shown]:
        """The buttons above the list."""
        return [
            Shown(item, self.url_of(name))
            for name, item in self.buttons().items()
            if item.on_list and may(request, item.permission)
        ]

    @staticmethod
    def _what_the_page_shows(subject: Any) -> dict[str, Any]:
        shows = {}
        if hasattr(subject, "version"):
            shows["seen"] = subject.version
        if hasattr(subject, "stream"):
            shows["heard"] = last_sequence(subject.stream)
        return shows

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = dict(extra_context or {})
        if object_id is not None and request.method == "GET":
            subject = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
            if subject is not None:
                context["bar"] = self.bar(request, subject)
        return super().changeform_view(  # type: ignore[misc]
            request, object_id, form_url, context
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        context = {"list_bar": self.list_bar(request), **(extra_context or {})}
        return super().changelist_view(request, context)  # type: ignore[misc]

    # -- pressing ----------------------------------------------------------------------------

    def _view(self, item: Button) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, object_id: str | None = None) -> HttpResponse:
            return self._answer(request, item, object_id)

        return view

    def _answer(self, request: HttpRequest, item: Button, object_id: str | None) -> HttpResponse:
        subject = self._subject(request, item, object_id)
        if request.method == "POST":
            form = item.form(
                request, object_id, subject=subject, data=request.POST, files=request.FILES
            )
            if form.is_valid():
                return self._press(request, item, form, subject)
            return self._show(request, item, form, request.get_full_path())
        refusal = self._refusal_now(request, item, subject)
        if refusal is not None:
            messages.error(request, str(refusal))
            return go(request, self._back(subject))
        form = item.form(
            request,
            object_id,
            subject=subject,
            initial={name: request.GET.get(name) for name in ("seen", "heard")},
        )
        return self._show(request, item, form, request.get_full_path())

    def _subject(self, request: HttpRequest, item: Button, object_id: str | None) -> Any:
        """The object of the button; raises when it is not there or not for this person."""
        if not may(request, item.permission):
            raise PermissionDenied
        if object_id is None:
            return None
        subject = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        if subject is None:
            raise Http404
        if not self.has_view_permission(request, subject):  # type: ignore[attr-defined]
            raise PermissionDenied
        return subject

    def _refusal_now(self, request: HttpRequest, item: Button, subject: Any) -> DomainError | None:
        """Why the dialog is not worth opening. A page that is out of date may still open it: the
        conflict page tells more than a refusal."""
        if item.possible is None or subject is None:
            return None
        seen = request.GET.get("seen")
        if seen and seen != str(getattr(subject, "version", seen)):
            return None
        return item.possible(subject, actor_of(request))

    def _press(
        self, request: HttpRequest, item: Button, form: Dialog, subject: Any
    ) -> HttpResponse:
        try:
            outcome = getattr(self, item.name)(request, form, subject)
        except ChangedMeanwhile:
            token = wishes.keep(request, item.name, request.POST)
            return go(request, reverse(f"admin:{self._prefix}_conflict", args=[subject.pk, token]))
        except BadInput as refusal:
            _complain(form, refusal)
            return self._show(request, item, form, request.get_full_path())
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return go(request, self._back(subject))
        if isinstance(outcome, HttpResponse):
            return outcome
        if said := outcome or item.done:
            messages.success(request, str(said))
        return go(request, self._back(subject))

    def _back(self, subject: Any) -> str:
        if subject is None:
            return self.url_of("changelist")
        return self.url_of("change", subject.pk)

    def _show(self, request: HttpRequest, item: Button, form: Dialog, address: str) -> HttpResponse:
        context = {
            "button": item,
            "form": form,
            "address": address,
            "dialog": {"title": item.title, "description": item.says},
        }
        return render(request, "admin/kit/dialog.html", context)

    # -- somebody was faster -----------------------------------------------------------------

    def conflict_view(self, request: HttpRequest, object_id: str, token: str) -> HttpResponse:
        """Shows what the others changed and what was wanted; the person decides.

        GET shows, POST does it on the version that the page showed.
        """
        wish = wishes.find(request, token)
        item = self.buttons().get(wish.button) if wish else None
        if wish is None or item is None:
            messages.warning(request, _("This decision was made already, or is too old."))
            return HttpResponseRedirect(self.url_of("change", object_id))
        subject = self._subject(request, item, object_id)
        data = QueryDict(wish.body, mutable=True)
        if request.method == "POST":
            for name in ("seen", "heard"):
                data[name] = request.POST.get(name, "")
            request.POST = data
        form = item.form(request, object_id, subject=subject, data=data)
        if not form.is_valid():
            messages.error(request, _("What you had entered is no longer valid. Enter it again."))
            wishes.forget(request, token)
            return HttpResponseRedirect(self._back(subject))
        if request.method == "POST":
            wishes.forget(request, token)
            return self._press(request, item, form, subject)
        return self._show_conflict(request, item, form, subject)

    def _show_conflict(
        self, request: HttpRequest, item: Button, form: Dialog, subject: Any
    ) -> HttpResponse:
        refusal = item.possible(subject, actor_of(request)) if item.possible else None
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "title": _("Somebody was faster"),
            "opts": self.model._meta,  # type: ignore[attr-defined]
            "original": subject,
            "subject": subject,
            "lines": story(
                subject.stream,
                after=form.cleaned_data.get("heard") or 0,
                mask=self.mask_for(request),
            ),
            "button": item,
            "wish": form.wish(),
            "refusal": refusal,
            "shows": self._what_the_page_shows(subject),
            "back": self._back(subject),
        }
        return render(request, "admin/kit/conflict.html", context)

    def mask_for(self, request: HttpRequest) -> Callable[[str], str] | None:
        """How personal values are hidden from this person; None shows them."""
        return None


def _complain(form: Dialog, refusal: BadInput) -> None:
    """Put the refusal beside the fields it names, or above the form."""
    named = refusal.details.get("fields") or {}
    known = {name: texts for name, texts in named.items() if name in form.fields}
    if not known:
        form.add_error(None, str(refusal))
    for name, texts in known.items():
        spoken = [text for text in texts if not _CODE.match(str(text))]
        form.add_error(name, spoken or [str(refusal)])


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Send the browser to `url`, from a dialog (htmx) or from an ordinary page."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
