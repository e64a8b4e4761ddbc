"""The documentation that the gateway brings along: OpenAPI, a page to try it, AsyncAPI, XML Schemas, and the list of errors.

Nothing is loaded from anywhere else and no script stands in the page itself, so the content security policy can forbid both.
"""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path
from typing import Final

from aiohttp import web
from swagger_ui_bundle import swagger_ui_path

from gateway.api import error_list
from gateway.api.context import Context
from gateway.errors import NotFoundError
from routing.errors import printable
from schemas.profiles import Profile, xsd

_HERE: Final = Path(__file__).parent
_VENDOR: Final = Path(str(swagger_ui_path))
_ASSETS: Final = {
    "swagger-ui.css": (_VENDOR, "text/css"),
    "swagger-ui-bundle.js": (_VENDOR, "text/javascript"),
    "favicon-32x32.png": (_VENDOR, "image/png"),
    "page.css": (_HERE / "page", "text/css"),
    "page.js": (_HERE / "page", "text/javascript"),
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def get_openapi(_request: web.Request, _context: Context) -> web.StreamResponse:
    """Send the OpenAPI document."""
    return await _file(_HERE / "openapi.yaml", "application/yaml")


async def get_asyncapi(_request: web.Request, _context: Context) -> web.StreamResponse:
    """Send the AsyncAPI document of the axis."""
    return await _file(_HERE / "asyncapi.yaml", "application/yaml")


async def get_strict_schema(_request: web.Request, _context: Context) -> web.StreamResponse:
    """Send the strict XML Schema of edXML."""
    return await _schema(Profile.STRICT)


async def get_tolerant_schema(_request: web.Request, _context: Context) -> web.StreamResponse:
    """Send the tolerant XML Schema of edXML."""
    return await _schema(Profile.TOLERANT)


async def get_page(_request: web.Request, _context: Context) -> web.StreamResponse:
    """Send the page on which the API can be read and tried."""
    return await _file(_HERE / "page" / "index.html", "text/html")


async def get_errors(_request: web.Request, _context: Context) -> web.StreamResponse:
    """Send the list of errors, in both languages."""
    return _answer(await asyncio.to_thread(error_list.page), "text/html")


async def get_asset(request: web.Request, _context: Context) -> web.StreamResponse:
    """Send a part of these pages."""
    name = request.match_info["asset"]
    if name not in _ASSETS:
        raise NotFoundError(what=f"“{printable(name)}”")
    folder, media_type = _ASSETS[name]
    return await _file(folder / name, media_type)


async def _schema(profile: Profile) -> web.Response:
    return _answer(await asyncio.to_thread(xsd, profile), "application/xml")


async def _file(path: Path, media_type: str) -> web.Response:
    return _answer(await asyncio.to_thread(_read, path), media_type)


@cache
def _read(path: Path) -> bytes:
    return path.read_bytes()


def _answer(body: bytes, media_type: str) -> web.Response:
    return web.Response(
        body=body,
        content_type=media_type,
        charset="utf-8" if media_type.startswith("text/") else None,
        headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"},
    )
