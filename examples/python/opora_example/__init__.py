"""A small client of Opora, over the package that openapi-python-client makes of the published contract."""
