"""The rows of ingest: what is asked of them, and the transactions that change them."""
