"""The self-hosted checkout's API with ``ck_`` keys. Translates, and owns nothing."""
