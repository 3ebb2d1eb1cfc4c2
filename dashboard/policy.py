"""What a browser may do on the merchant's pages."""

from core.page_policy import POLICY, guarded_by

guarded = guarded_by(POLICY)
