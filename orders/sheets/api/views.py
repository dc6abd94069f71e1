"""Order workbooks over HTTP: get one, put it back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import HttpResponseBase, QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import BaseParser, DataAndFiles, MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from ordercenter.core.api import schema
from ordercenter.core.api.files import FileRenderer
from ordercenter.core.api.shapes import Choice, Shape
from ordercenter.core.api.views import ApiView
from ordercenter.core.errors import BadInput, NotFound
from ordercenter.core.workbooks.checking import LARGEST_FILE
from ordercenter.core.workbooks.errors import BadWorkbook
from ordercenter.core.workbooks.writing import MEDIA_TYPE
from orders.api.views import LIST_QUERY, VIEW_ORDER, filtered_orders
from orders.sheets import runs
from orders.sheets.api.answers import COMPONENTS, is_mixed, run_as_json
from orders.sheets.downloads import exported_file, result_file
from orders.sheets.exporting import chosen_ids
from orders.sheets.models import SheetRun

TAG = "sheets"
_PAGES = frozenset({"limit", "cursor"})
EXPORT_QUERY = Shape(*(field for field in LIST_QUERY.fields if field.name not in _PAGES))
SYNC_QUERY = Shape(
    Choice(
        "dry_run",
        ("0", "1", "false", "true"),
        default="0",
        about="Tell what would happen and change nothing; put it again without.",
    )
)
_CHUNK = 1024 * 1024

schema.components(COMPONENTS)


class WorkbookRenderer(FileRenderer):
    """A workbook."""

    media_type = MEDIA_TYPE
    format = "xlsx"


class WorkbookParser(BaseParser):
    """A workbook as the whole body, at most 100 MB of it."""

    media_type = MEDIA_TYPE

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> DataAndFiles[Any, Any]:
        kept = TemporaryUploadedFile("body.xlsx", MEDIA_TYPE, 0, None)
        size = 0
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > LARGEST_FILE:
                raise BadWorkbook("too_large")
            kept.write(chunk)
        kept.seek(0)
        return DataAndFiles(QueryDict(), MultiValueDict({"file": [kept]}))


_OUTCOME = {"$ref": "#/components/schemas/SheetRun"}


class OrderSheetView(ApiView):
    """The orders as one workbook that can be edited and put back."""

    reading_needs = VIEW_ORDER
    renderer_classes = (JSONRenderer, WorkbookRenderer)
    parser_classes = (WorkbookParser, MultiPartParser)

    @schema.download(
        "Orders as a workbook",
        tag=TAG,
        id="sheets_export",
        media_type=MEDIA_TYPE,
        query=EXPORT_QUERY,
        problems={422: "The query is not right, or it means more orders than fit."},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The filters are those of the order list; there are no pages. Keep its hidden sheets."""
        asked = EXPORT_QUERY.read_query(request.query_params)
        ids = chosen_ids(filtered_orders(asked, self.actor))
        run = runs.begin_export(actor=self.actor, query=request.query_params.urlencode())
        runs.export_orders(run, ids)
        return exported_file(run)

    @extend_schema(
        operation_id="sheets_sync",
        summary="Put an edited workbook back",
        tags=[TAG],
        parameters=schema.query_parameters(SYNC_QUERY),
        request={
            MEDIA_TYPE: schema.BINARY,
            "multipart/form-data": {
                "type": "object",
                "properties": {"file": schema.BINARY},
                "required": ["file"],
            },
        },
        responses={
            200: OpenApiResponse(_OUTCOME, "Every changed cell was taken over, or was so already."),
            207: OpenApiResponse(
                _OUTCOME, "Some cells are in conflict or refused; all others were taken over."
            ),
            **schema.refusals(
                {
                    413: "The workbook is larger than 100 MB.",
                    415: "The body is neither an .xlsx workbook nor a form with one.",
                    422: "This workbook can't be synced; `code` says why. Nothing was changed.",
                }
            ),
        },
    )
    def put(self, request: Request) -> Response:
        """Each cell is compared with what was exported and with what stands there now.

        Only cells that you alone changed are written, through the same rules as everywhere else;
        the same workbook can be put any number of times.
        """
        asked = SYNC_QUERY.read_query(request.query_params)
        upload = _content(request)
        run = runs.receive_workbook(upload, name=upload.name or "", actor=self.actor)
        runs.sync_orders(run, actor=self.actor, is_dry=asked["dry_run"] in ("1", "true"))
        return Response(run_as_json(run, self.actor), status=207 if is_mixed(run) else 200)


def _content(request: Request) -> UploadedFile:
    upload = request.FILES.get("file")
    if upload is not None:
        return upload
    if not request.content_type.startswith("multipart/"):
        # An empty body is parsed by nobody; it is an empty workbook all the same.
        raise BadWorkbook("empty")
    raise BadInput(fields={"file": [str(_("Send the workbook as the file of this field."))]})


class SheetRunView(ApiView):
    """One run, read again."""

    reading_needs = VIEW_ORDER

    @schema.operation(
        "What became of a workbook",
        tag=TAG,
        id="sheets_run",
        answer="SheetRun",
        problems=schema.NOT_FOUND,
    )
    def get(self, request: Request, pk: int) -> Response:
        """The same answer that putting the workbook gave."""
        return Response(run_as_json(_import_run(self, pk), self.actor))


class SheetResultView(ApiView):
    """The coloured workbook of one run."""

    reading_needs = VIEW_ORDER
    renderer_classes = (JSONRenderer, WorkbookRenderer)

    @schema.download(
        "What became of a workbook, as a coloured workbook",
        tag=TAG,
        id="sheets_result",
        media_type=MEDIA_TYPE,
        problems=schema.NOT_FOUND,
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Green was applied, blue was so already, red is a conflict, orange was refused."""
        run = _import_run(self, pk)
        return result_file(run, sees_receiver=self.actor.may(runs.SEE_RECEIVER))


def _import_run(view: ApiView, pk: int) -> SheetRun:
    run = runs.run_for(pk, view.actor)
    if run.kind != SheetRun.Kind.IMPORT:
        raise NotFound(run=pk)
    return run
