"""Tests of the simulated WeCom."""
