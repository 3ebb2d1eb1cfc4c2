"""What other people's programs are given: a Python and a JavaScript client, a Postman collection, and their generator.

Nothing here imports the server; the generator reads the OpenAPI document and nothing else.
"""
