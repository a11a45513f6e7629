"""Texts in registers: two characters each, up to the first NUL.  Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextPlace:
    """Where the bytes of one text stand in the image of a poll, and whether they are swapped in their registers."""

    member: int
    begin: int
    end: int
    is_swapped: bool

    def read(self, image: bytes) -> str:
        """The text: UTF-8, else GB18030, without the blanks behind it."""
        words = image[self.begin : self.end]
        if self.is_swapped:
            words = bytes(byte for pair in zip(words[1::2], words[::2], strict=True) for byte in pair)
        characters = words.split(b"\0", 1)[0]
        try:
            text = characters.decode("utf-8")
        except UnicodeDecodeError:
            text = characters.decode("gb18030", "replace")
        return text.rstrip()
