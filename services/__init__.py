"""The rooms of the house: one package per service, and what they share."""
