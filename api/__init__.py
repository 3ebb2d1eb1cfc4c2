"""Every wire format, one folder each; here, what they share: reading, checking, authenticating, limiting, answering."""
