"""QR codes as PNG, SVG and PDF: one geometry, three ways to write it down."""

from api.qr.codes import FORMATS, SIZES, STYLES, Order, draw

__all__ = ["FORMATS", "SIZES", "STYLES", "Order", "draw"]
