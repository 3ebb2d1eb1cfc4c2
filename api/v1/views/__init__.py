"""What the URLs of the native API do: read the request, call one service or selector, render the answer."""
