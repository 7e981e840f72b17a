"""Which rasters the engine's own GDAL opens: it has fewer drivers than the one of QGIS.

Told by names and not by asking the engine, which may have yet to be started: what rasterio's wheels
read. A driver that is not named here costs a copy; a driver named by mistake would cost the run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Optional

from osgeo import gdal

DRIVERS = frozenset(
    """
    AAIGrid ACE2 ADRG AIG AirSAR BAG BIGGIF BLX BMP BSB BT BYN CALS CEOS COASP COG COSAR CPG
    CTable2 CTG DERIVED DIMAP DIPEx DOQ1 DOQ2 DTED ECRGTOC EEDAI EHdr EIR ELAS ENVI ERS ESAT ESRIC
    FAST FIT GenBin GFF GIF GPKG GRASSASCIIGrid GRIB GS7BG GSAG GSBG GSC GTI GTiff GTX GXF HDF5
    HDF5Image HF2 HFA HTTP ILWIS IRIS ISCE ISG ISIS2 ISIS3 JAXAPALSAR JDEM JP2OpenJPEG JPEG
    KMLSUPEROVERLAY KRO L1B LAN LCP Leveller LOSLAS MAP MBTiles MFF MFF2 MRF MSGN NDF netCDF
    NGSGEOID NITF NOAA_B NSIDCbin NTv2 NWT_GRC NWT_GRD OZI PAux PCIDSK PCRaster PDS PDS4 PLMOSAIC
    PNG PNM PRF R Rasterlite RIK RMF ROI_PAC RPFTOC RRASTER RS2 RST S102 S104 S111 SAFE SAGA
    SAR_CEOS SDTS SENTINEL2 SGI SIGDEM SNAP_TIFF SNODAS SRP SRTMHGT STACIT STACTA Terragen TGA TIL
    TSX USGSDEM VICAR VRT WCS WEBP WMS WMTS XPM XYZ Zarr ZMap
    """.split()  # noqa: SIM905
)
"""What rasterio's wheels read. They list PDF, but only write it."""

INSTEAD = frozenset(("JP2ECW", "JP2KAK", "JP2Lura", "JP2MrSID", "LIBERTIFF"))
"""Drivers of formats for which the wheels have others."""

CODECS = ("JXL",)
"""Compressions of GeoTIFF that the wheels lack."""

MOST_PARTS = 64
"""How many parts of a virtual raster are looked into."""


def engine_opens(name: str) -> bool:
    """Whether the engine opens a raster; what QGIS cannot open either is left to it to tell."""
    dataset = _opened(name)
    return dataset is None or _readable(dataset, depth=2)


def _readable(dataset: gdal.Dataset, depth: int) -> bool:
    if dataset.GetDriver().ShortName not in DRIVERS | INSTEAD:
        return False
    if dataset.GetMetadataItem("COMPRESSION", "IMAGE_STRUCTURE") in CODECS:
        return False
    parts = filter(None, map(_opened, _parts(dataset))) if depth else ()
    return all(_readable(part, depth - 1) for part in parts)


def _parts(dataset: gdal.Dataset) -> Iterator[str]:
    """The names of the first rasters that a virtual one is made of."""
    if dataset.GetDriver().ShortName != "VRT":
        return
    folder = os.path.dirname(dataset.GetDescription())
    document = gdal.ParseXMLString(dataset.GetMetadata("xml:VRT")[0])
    found = dict.fromkeys(_sources(document))
    for name, relative in list(found)[:MOST_PARTS]:
        yield os.path.join(folder, name) if relative else name


def _sources(node: list[Any]) -> Iterator[tuple[str, bool]]:
    """The sources under a node `[kind, name or text, children]`: each name, and if it is relative.

    Attributes are children, and so is the text.
    """
    _, name, *children = node
    if name in ("SourceFilename", "SourceDataset"):
        texts = [each[1] for each in children if each[0] == gdal.CXT_Text]
        marks = [each[2][1] for each in children if each[1].lower() == "relativetovrt"]
        yield "".join(texts), "1" in marks
    for child in children:
        yield from _sources(child)


def _opened(name: str) -> Optional[gdal.Dataset]:
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        return gdal.OpenEx(name, gdal.OF_RASTER)
    except RuntimeError:  # where another plugin has GDAL raise its errors
        return None
    finally:
        gdal.PopErrorHandler()
