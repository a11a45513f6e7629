"""The version of this Redline, as packaged."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("redline-monitor")
except PackageNotFoundError:  # run from a source tree that was never installed
    VERSION = "0.0.0"
