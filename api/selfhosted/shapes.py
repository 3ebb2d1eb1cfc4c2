"""What the self-hosted checkout's requests and answers hold."""

from typing import Final

from api.validation import Choice, Shape, Text

ERROR: Final = Shape(
    "SelfhostedError",
    {
        "error": Shape(
            "SelfhostedErrorBody",
            {
                "type": Choice(
                    "authentication",
                    "permission",
                    "invalid_request",
                    "not_found",
                    "conflict",
                    "rate_limited",
                    "server",
                ),
                "code": Text(max=64),
                "message": Text(max=4000, min=0),
                "param": Text(max=400, min=0, required=False),
                "requestId": Text(max=64, min=0),
            },
            is_open=True,
        )
    },
    is_open=True,
)
