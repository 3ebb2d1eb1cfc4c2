"""
Clients from the OpenAPI document.

``reading`` turns the document into shapes and operations, ``naming`` gives those the names that people
will type, and each other module writes one language. ``make clients`` runs all of it, see config/clients.py.
"""
