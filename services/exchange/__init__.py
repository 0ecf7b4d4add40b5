"""The model store: immutable versions of models, each with a manifest and the sha256 of every file.

Serves einthoven.exchange.v1.ExchangeService. Publishes einthoven.events.models.registered.<tenant>.
Stores rows in exchange_models, exchange_files and exchange_site_names; objects under models/<tenant>/<name>/<version>/,
and under incoming/<tenant>/ while a file from outside is being looked at. Never runs a model.
"""
