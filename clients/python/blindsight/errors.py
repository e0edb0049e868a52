"""What can be wrong with bytes, as a closed list (codec/FORMAT.md, Errors)."""

CODES = ("truncated", "magic", "version", "checksum", "header", "mode", "tables", "context", "chain", "payload", "trailing")


class CodecError(ValueError):
    """`code` is one of CODES. `offset` counts from the first byte that was passed in, where it is about bytes."""

    def __init__(self, code: str, message: str, offset: int | None = None):
        super().__init__(message)
        self.code = code
        self.offset = offset


class BundleError(ValueError):
    """A bundle that is not there, damaged, or does not fit the frame."""
