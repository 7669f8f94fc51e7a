"""Pages that need nothing but themselves: documents of blocks, plots as SVG, and the audit report made of them."""
