"""Protobuf to the public JSON contract and back, one file per noun: pure functions that ask and decide nothing."""
