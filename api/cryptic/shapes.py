"""What Cryptic's requests and answers hold."""

from typing import Final

from api.validation import Shape, Text

_MARKS: Final = {"timestamp": Text(max=32), "requestId": Text(max=64, min=0)}
ERROR: Final = Shape(
    "CrypticError",
    {
        "error": Shape(
            "CrypticErrorBody",
            {"code": Text(max=64, pattern="^[A-Z0-9_]+$"), "message": Text(max=4000, min=0)},
            is_open=True,
        ),
        **_MARKS,
    },
    is_open=True,
)
