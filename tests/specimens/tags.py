"""The page tags of C.HASIL-PPWP: AprilTag family 36h10, ids 101 to 103 for pages 1 to 3.

A tag is 8 × 8 modules: a black border around 6 × 6 bits. The form prints it turned by 180° against the
picture that OpenCV draws; the bits here are as printed, row by row from the top left, 1 = white.
"""

SIDE = 8

BITS = {1: 0x1DA1C89DD, 2: 0x289C99B2C, 3: 0x3AE94B805}  # by page
NUMBERS = {1: 101, 2: 102, 3: 103}


def white_modules(page: int) -> list[tuple[int, int]]:
    """Column and row (0..7) of each white module, as printed."""
    inner = SIDE - 2
    bits = BITS[page]
    return [
        (column + 1, row + 1)
        for row in range(inner)
        for column in range(inner)
        if bits >> (inner * inner - 1 - (row * inner + column)) & 1
    ]
