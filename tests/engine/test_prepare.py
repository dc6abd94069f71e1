"""Schema and static files before a start."""

import shutil

import pytest
from django.db import connection

from ordercenter.engine import prepare


def test_a_migrated_database_needs_nothing(db):
    assert prepare.pending_migrations() == []
    assert prepare.migrate_if_needed() == 0


def test_a_missing_migration_is_run(committed_db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
        cursor.execute("DROP TABLE django_session")

    assert prepare.pending_migrations() == ["sessions.0001_initial"]
    assert prepare.migrate_if_needed() == 1

    assert prepare.pending_migrations() == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_session")
        assert cursor.fetchone() == (0,)


@pytest.fixture
def sources(tmp_path, settings):
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "page.css").write_text("a {}")
    settings.STATICFILES_DIRS = [folder]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    yield folder
    shutil.rmtree(settings.STATIC_ROOT)


def test_static_files_are_collected_once(sources, settings):
    assert prepare.collect_static_if_changed() is True
    assert (settings.STATIC_ROOT / "page.css").read_text() == "a {}"

    assert prepare.collect_static_if_changed() is False


def test_a_changed_static_file_is_collected_again(sources, settings):
    prepare.collect_static_if_changed()
    (sources / "page.css").write_text("a { color: red }")

    assert prepare.collect_static_if_changed() is True
    assert "red" in (settings.STATIC_ROOT / "page.css").read_text()


def test_a_removed_static_file_is_served_no_more(sources, settings):
    (sources / "old.js").write_text("1")
    prepare.collect_static_if_changed()
    (sources / "old.js").unlink()

    assert prepare.collect_static_if_changed() is True
    assert not (settings.STATIC_ROOT / "old.js").exists()
