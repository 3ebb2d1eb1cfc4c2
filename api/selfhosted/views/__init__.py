"""The views of the self-hosted checkout's API, a file for each resource."""
