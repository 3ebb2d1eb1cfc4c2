"""What a browser may do on the staff's pages. Django's own icons are inline data."""

from csp.constants import SELF

from core.page_policy import POLICY, guarded_by

guarded = guarded_by({**POLICY, "img-src": [SELF, "data:"]})
