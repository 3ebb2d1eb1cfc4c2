"""Pages that wear a merchant's colours: one that cannot be read as it is, with a wide logo."""

import base64
from datetime import timedelta
from io import BytesIO

from PIL import Image, ImageDraw
from playwright.sync_api import Page

from invoices.services import LinkTerms, create_link, expire_due
from merchants.services import MerchantChanges, update_merchant
from tests.browser.screens import Stage, screen
from tests.browser.screens.paypage import _order, _paid


def logo() -> str:
    """Return a logo, three times as wide as high, as the setting has it."""
    image = Image.new("RGBA", (360, 120), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, 359, 119), radius=24, fill=(255, 212, 0, 255))
    pen.ellipse((20, 20, 100, 100), fill=(20, 25, 34, 255))
    pen.rectangle((130, 40, 330, 80), fill=(20, 25, 34, 255))
    file = BytesIO()
    image.save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def dress(stage: Stage, **branding: object) -> None:
    """Give the merchant looks."""
    looks = {
        "display_name": "Sunny Bikes",
        "accent_color": "#ffd400",
        "support_email": "help@sunny.example",
        "allowed_origins": ["https://sunny.example", "http://localhost:3000"],
        **branding,
    }
    changes = MerchantChanges(settings={"logo": logo(), "branding": looks})
    stage.merchant = update_merchant(merchant=stage.merchant, changes=changes, now=stage.now)


@screen("branding", "pay page")
def _(stage: Stage) -> str:
    dress(stage)
    return f"/invoice/{_order(stage).public_id}"


@screen("branding", "expired")
def _(stage: Stage) -> str:
    dress(stage)
    invoice = _order(stage, now=stage.now - timedelta(hours=3))
    expire_due(now=stage.now)
    return f"/invoice/{invoice.public_id}"


@screen("branding", "receipt")
def _(stage: Stage) -> str:
    dress(stage, accent_color="#e6007a")
    return _paid(stage, _order(stage)).replace("?stay=1", "/receipt")


@screen("branding", "payment link")
def _(stage: Stage) -> str:
    dress(stage, accent_color="#00ffcc")
    stage.visitor = True
    link = create_link(
        merchant=stage.merchant, livemode=False, terms=LinkTerms("Bike repair", currency="USD"), now=stage.now
    )
    return f"/l/{link.slug}"


@screen("branding", "problem")
def _(stage: Stage) -> str:
    dress(stage)
    return f"/invoice/{_order(stage).public_id}/receipt"


@screen("branding", "form")
def _(stage: Stage) -> str:
    return "/dashboard/branding/"


def _change(page: Page) -> None:
    page.get_by_label("Name on your pages").fill("Sunny Bikes & Friends")
    page.get_by_text("Dark", exact=True).click()
    page.locator("iframe").last.content_frame.get_by_text("Sunny Bikes & Friends", exact=True).wait_for()


@screen("branding", "form with a preview", act=_change)
def _(stage: Stage) -> str:
    dress(stage)
    return "/dashboard/branding/"


@screen("branding", "form wide", act=lambda page: page.get_by_text("Wide", exact=True).click(), devices=("wide",))
def _(stage: Stage) -> str:
    dress(stage, accent_color="#e6007a")
    return "/dashboard/branding/"


def _wrong(page: Page) -> None:
    page.get_by_label("Sites that may embed").fill("https://shop.example\nhttp://shop.example/basket")
    page.get_by_role("button", name="Save").click()
    page.locator("#id_allowed_origins_error", has_text="http://shop.example/basket: This must be an origin").wait_for()


@screen("branding", "form filled in wrongly", act=_wrong, devices=("phone",))
def _(stage: Stage) -> str:
    return "/dashboard/branding/"


@screen("branding", "form for viewers", devices=("phone",))
def _(stage: Stage) -> str:
    stage.role = "viewer"
    dress(stage)
    return "/dashboard/branding/"


@screen("branding", "snippets", act=lambda page: page.get_by_text("Put it on your site").click())
def _(stage: Stage) -> str:
    stage.testing = True
    link = create_link(
        merchant=stage.merchant, livemode=False, terms=LinkTerms("Bike repair", currency="USD"), now=stage.now
    )
    return f"/dashboard/payment-links/{link.public_id}/"
