"""A WeCom group webhook that behaves as the real one is documented to, with a page that shows what the phones got."""
