"""An H.264 stream of interlaced video in which each field is an access unit of its own (PAFF), as AVCHD camcorders
write it and no encoder of ffmpeg does. ITU-T H.264, 7.3; all macroblocks are uncompressed (I_PCM)."""

WIDE, HIGH = 4, 4  # macroblocks of a frame


class Bits:
    def __init__(self):
        self.bits = ""

    def u(self, *pairs):  # (length, value)...
        self.bits += "".join(format(value, f"0{length}b") for length, value in pairs)
        return self

    def flags(self, *values):
        return self.u(*((1, value) for value in values))

    def ue(self, *values):  # Exp-Golomb codes
        for value in values:
            code = format(value + 1, "b")
            self.bits += "0" * (len(code) - 1) + code
        return self

    def align(self):
        self.bits += "0" * (-len(self.bits) % 8)
        return self

    def unit(self, kind):
        """As a NAL unit: with the stop bit, the start code and the emulation prevention bytes."""
        self.flags(1).align()
        out, zeros = bytearray(), 0
        for byte in int("1" + self.bits, 2).to_bytes(len(self.bits) // 8 + 1, "big")[1:]:
            if zeros == 2 and byte <= 3:
                out.append(3)
                zeros = 0
            out.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return b"\0\0\0\1" + bytes([kind]) + bytes(out)


def parameter_sets(fps):
    sequence = Bits().u((8, 77), (8, 0), (8, 30)).ue(0, 0, 2, 1).flags(0).ue(WIDE - 1, HIGH // 2 - 1)
    sequence.flags(0, 0, 1, 0)  # frames may be fields, no MBAFF
    sequence.flags(1, 0, 0, 0, 0, 1).u((32, 1), (32, 2 * fps)).flags(1, 0, 0, 0, 0)  # the rate of the fields
    picture = Bits().ue(0, 0).flags(0, 0).ue(0, 0, 0).flags(0).u((2, 0)).ue(0, 0, 0).flags(1, 0, 0)
    return sequence.unit(0x67) + picture.unit(0x68)


def field(frame, bottom):
    slice_ = Bits().ue(0, 7, 0).u((4, frame % 16)).flags(1, bottom, 0).ue(0, 1)
    for macroblock in range(WIDE * HIGH // 2):
        grey = 16 + (frame * 7 + macroblock * 11) % 200
        slice_.ue(25).align().u(*[(8, grey)] * 256, *[(8, 128)] * 128)
    return slice_.unit(0x41)


def stream(frames, fps=25):
    out = b""
    for frame in range(frames):
        for bottom in (0, 1):
            out += b"\0\0\0\1\x09\x10"  # a new access unit
            out += parameter_sets(fps) if frame % 10 == 0 and not bottom else b""
            out += field(frame, bottom)
    return out
