"""Serves maps (WMS) and coverages (WCS) whose every pixel says where it lies, and faults."""

from __future__ import annotations

import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import numpy as np
from osgeo import gdal, osr

from tests.plugin.tile_server import png

CELLS = {"EPSG:32617": 16.0, "EPSG:4326": 16 / 2**17}
"""The sides of the squares of one colour, in the units of each CRS."""

BOUNDS = {
    "EPSG:32617": (500000.0, 2999000.0, 501500.0, 3000000.0),
    "EPSG:4326": (-81.0, 27.11, -80.985, 27.12),
}
"""What there is, west, south, east, north."""

CAPABILITIES = """<?xml version="1.0" encoding="UTF-8"?>
<WMS_Capabilities version="1.3.0" xmlns="http://www.opengis.net/wms"
 xmlns:xlink="http://www.w3.org/1999/xlink">
 <Service><Name>WMS</Name><Title>Ground</Title></Service>
 <Capability>
  <Request>
   <GetCapabilities><Format>text/xml</Format>{where}</GetCapabilities>
   <GetMap><Format>image/png</Format>{where}</GetMap>
  </Request>
  <Exception><Format>XML</Format></Exception>
  <Layer><Name>ground</Name><Title>Ground</Title>
   <CRS>EPSG:32617</CRS><CRS>EPSG:4326</CRS>
   <EX_GeographicBoundingBox>
    <westBoundLongitude>-81</westBoundLongitude><eastBoundLongitude>-80.985</eastBoundLongitude>
    <southBoundLatitude>27.11</southBoundLatitude><northBoundLatitude>27.12</northBoundLatitude>
   </EX_GeographicBoundingBox>
   <BoundingBox CRS="EPSG:32617" minx="500000" miny="2999000" maxx="501500" maxy="3000000"/>
   <BoundingBox CRS="EPSG:4326" minx="27.11" miny="-81" maxx="27.12" maxy="-80.985"/>
  </Layer>
 </Capability>
</WMS_Capabilities>"""

COVERAGES = """<?xml version="1.0" encoding="UTF-8"?>
<WCS_Capabilities version="1.0.0" xmlns="http://www.opengis.net/wcs"
 xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink">
 <Service><name>WCS</name><label>Ground</label></Service>
 <Capability><Request>
  <GetCapabilities>{where}</GetCapabilities>
  <DescribeCoverage>{where}</DescribeCoverage>
  <GetCoverage>{where}</GetCoverage>
 </Request></Capability>
 <ContentMetadata><CoverageOfferingBrief><name>ground</name><label>Ground</label>
  <lonLatEnvelope srsName="urn:ogc:def:crs:OGC:1.3:CRS84">
   <gml:pos>-81 27.11</gml:pos><gml:pos>-80.985 27.12</gml:pos>
  </lonLatEnvelope>
 </CoverageOfferingBrief></ContentMetadata>
</WCS_Capabilities>"""

COVERAGE = """<?xml version="1.0" encoding="UTF-8"?>
<CoverageDescription version="1.0.0" xmlns="http://www.opengis.net/wcs"
 xmlns:gml="http://www.opengis.net/gml">
 <CoverageOffering><name>ground</name><label>Ground</label>
  <lonLatEnvelope srsName="urn:ogc:def:crs:OGC:1.3:CRS84">
   <gml:pos>-81 27.11</gml:pos><gml:pos>-80.985 27.12</gml:pos>
  </lonLatEnvelope>
  <domainSet><spatialDomain>
   <gml:Envelope srsName="EPSG:32617">
    <gml:pos>500000 2999000</gml:pos><gml:pos>501500 3000000</gml:pos>
   </gml:Envelope>
   <gml:RectifiedGrid dimension="2">
    <gml:limits><gml:GridEnvelope>
     <gml:low>0 0</gml:low><gml:high>1499 999</gml:high>
    </gml:GridEnvelope></gml:limits>
    <gml:axisName>x</gml:axisName><gml:axisName>y</gml:axisName>
    <gml:origin><gml:pos>500000.5 2999999.5</gml:pos></gml:origin>
    <gml:offsetVector>1 0</gml:offsetVector><gml:offsetVector>0 -1</gml:offsetVector>
   </gml:RectifiedGrid>
  </spatialDomain></domainSet>
  <rangeSet><RangeSet><name>colours</name><label>Colours</label></RangeSet></rangeSet>
  <supportedCRSs><requestResponseCRSs>EPSG:32617</requestResponseCRSs></supportedCRSs>
  <supportedFormats><formats>GeoTIFF</formats></supportedFormats>
 </CoverageOffering>
</CoverageDescription>"""

WHERE = """<DCPType><HTTP><Get><OnlineResource xlink:type="simple"
 xlink:href="{}"/></Get></HTTP></DCPType>"""

EXCEPTION = """<?xml version="1.0" encoding="UTF-8"?>
<ServiceExceptionReport version="1.3.0" xmlns="http://www.opengis.net/ogc">
 <ServiceException code="LayerNotDefined">The quota of today is used up.</ServiceException>
</ServiceExceptionReport>"""


def colours(crs: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Red, green and blue of places, `(..., 3)`: squares beside each other differ."""
    west, _, _, north = BOUNDS[crs]
    across = np.floor((x - west) / CELLS[crs]).astype(int)
    down = np.floor((north - y) / CELLS[crs]).astype(int)
    return np.stack((across % 250, down % 250, 7 * across % 200 + down % 50), axis=-1)


class MapServer(ThreadingHTTPServer):
    """Its fault: what happens to every map after the first `good` ones."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.name = uuid.uuid4().hex
        self.fault, self.good = "", 0
        self.asked: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        """The address of the service."""
        return f"http://127.0.0.1:{self.server_address[1]}/{self.name}"

    def map_uri(self, crs: str) -> str:
        """The source of a `wms` layer."""
        return f"crs={crs}&format=image/png&layers=ground&styles=&url={self.url}"

    @property
    def coverage_uri(self) -> str:
        """The source of a `wcs` layer, of 1 m a pixel."""
        which = "identifier=ground&crs=EPSG:32617&format=GeoTIFF&version=1.0.0"
        return f"{which}&cache=AlwaysNetwork&url={self.url}"


class Answer(BaseHTTPRequestHandler):
    """Capabilities, or one map."""

    server: MapServer

    def do_GET(self) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        asked = {name.upper(): value for name, value in query.items()}
        where = WHERE.format(self.server.url + "?")
        if asked["REQUEST"] == "GetCapabilities":
            document = CAPABILITIES if asked["SERVICE"] == "WMS" else COVERAGES
            self._give("text/xml", document.format(where=where).encode())
            return
        if asked["REQUEST"] == "DescribeCoverage":
            self._give("text/xml", COVERAGE.encode())
            return
        self.server.asked.append(asked)
        fault = self.server.fault if len(self.server.asked) > self.server.good else ""
        if fault == "500":
            self.send_error(500)
        elif fault == "exception":
            self._give("text/xml", EXCEPTION.encode())
        elif fault == "page":
            self._give("text/html", b"<html>Log in first</html>")
        elif asked["REQUEST"] == "GetCoverage":
            self._give("image/tiff", _coverage(asked))
        else:
            self._give("image/png", _map(asked, 0 if fault == "blank" else 255))

    def _give(self, kind: str, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def _coverage(asked: dict[str, str]) -> bytes:
    """What GetCoverage of WCS 1.0.0 gives: a GeoTIFF of the box that was asked for."""
    x, y, transform = _places(asked, *map(float, asked["BBOX"].split(",")))
    raster = gdal.GetDriverByName("GTiff").Create(
        f"/vsimem/{uuid.uuid4().hex}.tif", len(x), len(y), 3, gdal.GDT_UInt16
    )
    raster.SetGeoTransform(transform)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32617)
    raster.SetProjection(reference.ExportToWkt())
    raster.WriteArray(np.moveaxis(colours("EPSG:32617", *np.meshgrid(x, y)), -1, 0))
    path = raster.GetDescription()
    raster = None
    file = gdal.VSIFOpenL(path, "rb")
    content = bytes(gdal.VSIFReadL(1, gdal.VSIStatL(path).size, file))
    gdal.VSIFCloseL(file)
    gdal.Unlink(path)
    return content


def _places(
    asked: dict[str, str], west: float, south: float, east: float, north: float
) -> tuple[np.ndarray, np.ndarray, tuple[float, ...]]:
    """The centres of columns and rows, and GDAL's transform."""
    width, height = int(asked["WIDTH"]), int(asked["HEIGHT"])
    across, down = (east - west) / width, (north - south) / height
    x = west + (np.arange(width) + 0.5) * across
    y = north - (np.arange(height) + 0.5) * down
    return x, y, (west, across, 0, north, 0, -down)


def _map(asked: dict[str, str], opacity: int) -> bytes:
    """What GetMap of WMS 1.3.0 gives: there, latitude comes before longitude."""
    crs = asked["CRS"]
    west, south, east, north = map(float, asked["BBOX"].split(","))
    if crs == "EPSG:4326":
        west, south, east, north = south, west, north, east
    x, y, _ = _places(asked, west, south, east, north)
    picture = np.full((len(y), len(x), 4), opacity, np.uint8)
    picture[..., :3] = colours(crs, *np.meshgrid(x, y))
    return png(row.tobytes() for row in picture)
