"""A second decoder of codec/FORMAT.md, plain and slow, from that page alone: the standard library and nothing else.

    python3 decode.py --entropy entropy.json --context context.bin FILE... > symbols

Writes the symbols of every frame, uint8, one after the other. Stops at the first damage with its byte offset, exit code 1.
The names are those of FORMAT.md.
"""
import argparse
import hashlib
import json
import struct
import sys
import zlib

K = [2, 4, 8, 16, 30, 57, 109, 206, 389, 734, 1379, 2567, 4703, 8380, 14257, 22626, 32768, 42910, 51279, 57156, 60833,
     62969, 64157, 64802, 65147, 65330, 65427, 65479, 65506, 65520, 65528, 65532, 65534]
PROFILES = {0: "static", 1: "fast", 2: "max"}
INPUTS = {"fast": 3, "max": 7}


class Damage(Exception):
    pass


def clamp(value, least, most):
    return max(least, min(most, value))


def wrap(value):
    """32-bit two's complement."""
    return (value + 2**31) % 2**32 - 2**31


def squash_of(x):
    i = x + 2048
    k = i >> 7
    return K[k] + (((K[k + 1] - K[k]) * (i % 128)) >> 7)


SQUASH = [squash_of(x) for x in range(-2047, 2048)]


def squash(x):
    return SQUASH[x + 2047]


def stretch_table():
    table = []
    x = -2047
    for q in range(4096):
        while x < 2047 and squash(x) >> 4 < q:
            x += 1
        table.append(x)
    return table


STRETCH = stretch_table()


def steps(value, thresholds):
    return sum(t <= value for t in thresholds)


class Bits:
    """The rANS code with two symbols and 16 scale bits."""

    def __init__(self, code):
        if len(code) < 4:
            raise Damage("code is shorter than its state")
        self.code = code
        self.x = int.from_bytes(code[:4], "little")
        self.pos = 4
        if not 2**23 <= self.x < 2**31:
            raise Damage("state outside its interval")

    def bit(self, p):
        slot = self.x % 65536
        if slot < p:
            b, self.x = 1, p * (self.x >> 16) + slot
        else:
            b, self.x = 0, (65536 - p) * (self.x >> 16) + slot - p
        while self.x < 2**23:
            if self.pos == len(self.code):
                raise Damage("code ends before its last symbol")
            self.x = self.x * 256 + self.code[self.pos]
            self.pos += 1
        return b

    def end(self):
        if self.pos != len(self.code) or self.x != 2**23:
            raise Damage("code does not end as a code ends")


class Model:
    """context.bin."""

    def __init__(self, data):
        if data[:4] != bytes([0xAB, 0x42, 0x53, 0x43]) or data[4] != 1:
            raise Damage("no context model of version 1")
        if struct.unpack("<I", data[8:12])[0] != len(data) or zlib.crc32(data[:-4]) != struct.unpack("<I", data[-4:])[0]:
            raise Damage("context model: length or CRC differs")
        self.hash = hashlib.sha256(data).digest()[:8]
        self.channels, self.levels = data[5], data[6]
        C = self.channels
        self.bits = Bits(data[12:-4])
        self.section()
        self.usual = [self.byte() for _ in range(C)]
        self.source = [self.byte() for _ in range(C)]
        self.sources = [[j for j in range(c - 1, -1, -1) if self.source[j]][:16] for c in range(C)]
        self.key_weights, self.predicted_weights = [], []
        for c in range(C):
            r = len(self.sources[c])
            self.key_weights.append(self.shorts(6 + 5 * r + 1))
            self.predicted_weights.append(self.shorts(9 + 5 * r + 1))
        key_counters = self.counters(7)
        self.begin = {}
        for profile in ("fast", "max"):
            n = INPUTS[profile]
            key = (n, key_counters[:n], self.weights(n))
            predicted_counters = self.counters(n)
            self.begin[profile] = {"key": key, "predicted": (n, predicted_counters, self.weights(n))}
        self.bits.end()

    def section(self):
        self.tree = [0x8000] * 256

    def byte(self):
        node = 1
        for _ in range(8):
            f = self.tree[node]
            y = self.bits.bit(min(max(f, 64), 65472))
            self.tree[node] = f + ((y * 65536 - f) >> 5)
            node = 2 * node + y
        return node - 256

    def shorts(self, count):
        self.section()
        low = [self.byte() for _ in range(count)]
        self.section()
        high = [self.byte() for _ in range(count)]
        return [((l | h << 8) + 2**15) % 2**16 - 2**15 for l, h in zip(low, high)]

    def counters(self, n):
        def counter(k):
            k %= 63
            if k == 0:
                return 2**19, 0
            return squash((((k - 1) >> 1) - 15) * 132) * 16, 2 if k % 2 else 6

        table = [counter(k) for k in range(256)]
        inputs = []
        for _ in range(n):
            self.section()
            inputs.append([table[self.byte()] for _ in range(65536)])
        return inputs

    def weights(self, n):
        def scaled(count):
            return [78643 // n + 8 * v for v in self.shorts(count)]

        return scaled((self.channels + 1) * 32 * 16 * n), scaled(32 * 64 * n)


class Predictor:
    def __init__(self, beginning):
        self.n, counters, (a, b) = beginning
        self.p = [[p for p, _ in counter] for counter in counters]
        self.s = [[s for _, s in counter] for counter in counters]
        self.A, self.B = a[:], b[:]

    def ask(self, bits, node):
        n = self.n
        slot, t = [], []
        for i in range(n):
            h = ((self.ctx[i] * 256 + self.channel) * 0x9E3779B1 + node * 0x85EBCA6B) % 2**32 >> 16
            slot.append(h)
            t.append(STRETCH[self.p[i][h] >> 8])
        at_a = ((self.channel * 32 + node) * 16 + self.activity) * n
        at_b = (node * 64 + self.position) * n
        a = clamp(wrap(sum(self.A[at_a + i] * t[i] for i in range(n))) >> 16, -2047, 2047)
        b = clamp(wrap(sum(self.B[at_b + i] * t[i] for i in range(n))) >> 16, -2047, 2047)
        y = bits.bit(squash((a + b) >> 1))
        error_a = (y * 65536 - squash(a)) * 14
        error_b = (y * 65536 - squash(b)) * 14
        for i in range(n):
            self.A[at_a + i] += (t[i] * error_a + 131072) >> 18
            self.B[at_b + i] += (t[i] * error_b + 131072) >> 18
            p, s = self.p[i][slot[i]], self.s[i][slot[i]]
            self.p[i][slot[i]] = p + ((((1048575 if y else 0) - p) * (20480 // (10 * s + 16))) >> 11)
            self.s[i][slot[i]] = min(s + 1, 127)
        return y

    def symbol(self, bits, g, levels):
        if self.ask(bits, g):
            return g
        up = 1 if g == 0 else 0 if g == levels - 1 else self.ask(bits, 8 + g)
        if up:
            v = g + 1
            while v < levels - 1 and self.ask(bits, 16 + v):
                v += 1
        else:
            v = g - 1
            while v > 0 and self.ask(bits, 24 + v):
                v -= 1
        return v


def plane(value, rows, columns):
    return [[value] * columns for _ in range(rows)]


class ContextDecoder:
    """One segment of the profiles fast and max. Rows and columns count from 2: every plane has a border of 2."""

    def __init__(self, model, profile, height, width):
        self.model, self.profile, self.height, self.width = model, profile, height, width
        self.rows, self.columns = range(2, height + 2), range(2, width + 2)

    def blank(self, value=0):
        return plane(value, self.height + 4, self.width + 4)

    def flag(self, states, c):
        f = states[c]
        y = self.bits.bit(min(max(f, 64), 65472))
        states[c] = f + ((y * 65536 - f) >> 4)
        return y

    def close(self, P):
        w, h = self.width, self.height
        for row in P[2:h + 2]:
            row[0] = row[1] = row[2]
            row[w + 2] = row[w + 3] = row[w + 1]
        P[0], P[1] = P[2][:], P[2][:]
        P[h + 2], P[h + 3] = P[h + 1][:], P[h + 1][:]

    def symbols(self):
        return bytes(P[y][x] for P in self.now for y in self.rows for x in self.columns)

    def key(self, payload):
        model, C, L = self.model, self.model.channels, self.model.levels
        bits = self.bits = Bits(payload)
        predictor = Predictor(model.begin[self.profile]["key"])
        self.predictor = Predictor(model.begin[self.profile]["predicted"])
        plain_key = [0x0400 if s else 0xFC00 for s in model.source]
        self.plain_predicted = plain_key[:]
        rough, R = self.blank(), 0
        self.now = now = [self.blank(model.usual[c]) for c in range(C)]
        for c in range(C):
            P, k, sources = now[c], model.key_weights[c], model.sources[c]
            if self.flag(plain_key, c):
                R += model.source[c]
                continue
            for y in self.rows:
                if y > 2:
                    P[y][0] = P[y][1] = P[y - 1][2]
                for x in self.columns:
                    W, N, NW, NE, WW, NN = P[y][x - 1], P[y - 1][x], P[y - 1][x - 1], P[y - 1][x + 1], P[y][x - 2], P[y - 2][x]
                    features = [W, N, NW, NE, WW, NN]
                    for s in sources:
                        Q = now[s]
                        features += [Q[y][x], Q[y][x + 1], Q[y][x - 1], Q[y + 1][x], Q[y - 1][x]]
                    features.append(1)
                    total = sum(weight * feature for weight, feature in zip(k, features))
                    guess = clamp((total + 2048) >> 12, 0, L - 1)
                    mu = clamp((total >> 9) + 4, 0, 63)
                    own = abs(W - NW) + abs(N - NW) + abs(N - NE)
                    o = own if own < 2 else 2 if own < 4 else 3
                    q = 0 if R == 0 else steps(12 * rough[y][x] // R, (2, 4, 8, 12, 19, 28, 42, 60, 87, 124, 178))
                    here = [now[s][y][x] for s in sources[:7]]
                    a, b, cc, d, e, f, h = here + [0] * (7 - len(here))
                    predictor.ctx = [
                        mu * 64 + q * 4 + o,
                        W * 512 + N * 64 + NW * 8 + NE,
                        (mu >> 2) * 2**15 + a * 2**12 + cc * 2**9 + d * 64 + e * 8 + f,
                        W * 2**12 + WW * 512 + N * 64 + NN * 8 + NE,
                        W * 1024 + N * 128 + q * 8 + a,
                        a * 2**12 + b * 512 + e * 64 + f * 8 + h,
                        (mu >> 2) * 2**12 + a * 512 + b * 64 + cc * 8 + d,
                    ]
                    predictor.channel, predictor.activity, predictor.position = c, q, mu
                    P[y][x] = predictor.symbol(bits, guess, L)
                P[y][self.width + 2] = P[y][self.width + 3] = P[y][self.width + 1]
            self.close(P)
            if model.source[c]:
                for y in self.rows:
                    for x in self.columns:
                        v = P[y][x]
                        rough[y][x] += abs(v - P[y][x + 1]) + abs(v - P[y][x - 1]) + abs(v - P[y + 1][x]) + abs(v - P[y - 1][x])
                R += 1
        bits.end()
        self.age = [self.blank(8) for _ in range(C)]
        self.other = [[row[:] for row in P] for P in now]
        self.mean = [[[64 * v for v in row] for row in P] for P in now]
        self.changes, self.touched = self.blank(), self.blank()
        return self.symbols()

    def predicted(self, payload):
        model, C = self.model, self.model.channels
        bits = self.bits = Bits(payload)
        self.before = [[row[:] for row in P] for P in self.now]
        self.changes_before, self.changes = self.changes, self.blank()
        self.touched_before, self.touched = self.touched, self.blank(0 if self.profile == "fast" else 1)
        if self.profile == "fast":
            for y in self.rows:
                for x in self.columns:
                    self.spot_contexts(y, x)
                    self.touched[y][x] = self.predictor.ask(bits, 0)
        for c in range(C):
            if self.flag(self.plain_predicted, c):
                continue
            for y in self.rows:
                for x in self.columns:
                    if not self.touched[y][x]:
                        continue
                    g = self.before[c][y][x]
                    self.predicted_contexts(c, y, x, g)
                    s = self.predictor.symbol(bits, g, model.levels)
                    self.now[c][y][x] = s
                    if s != g:
                        self.other[c][y][x] = g
                        self.age[c][y][x] = 0
                        self.changes[y][x] += 1
                    else:
                        self.age[c][y][x] = min(self.age[c][y][x] + 1, 255)
                    self.mean[c][y][x] += (64 * s - self.mean[c][y][x]) >> 2
            self.close(self.now[c])
        bits.end()
        return self.symbols()

    def predicted_contexts(self, c, y, x, g):
        P, B, sources, w = self.now[c], self.before[c], self.model.sources[c], self.model.predicted_weights[c]
        changes, Z = self.changes[y][x], self.changes

        def D(channel, row, column):
            return self.now[channel][row][column] - self.before[channel][row][column]

        def sign(v):
            return 1 if v > 0 else 2 if v < 0 else 0

        BW, BE, BN, BS = B[y][x - 1], B[y][x + 1], B[y - 1][x], B[y + 1][x]
        m = self.mean[c][y][x] - 64 * g
        n4 = Z[y][x + 1] + Z[y][x - 1] + Z[y + 1][x] + Z[y - 1][x]
        n8 = Z[y + 1][x + 1] + Z[y - 1][x - 1] + Z[y + 1][x - 1] + Z[y - 1][x + 1]
        around = [D(c, y, x - 1), D(c, y - 1, x), D(c, y - 1, x - 1), D(c, y - 1, x + 1)]
        total = sum(a * b for a, b in zip(w, around)) + ((w[4] * m) >> 6) + w[-1]
        total += sum(a * (b - g) for a, b in zip(w[5:9], (BW, BE, BN, BS)))
        i = j = 0
        if changes + n4 > 0:
            at = 9
            for order, s in enumerate(sources):
                five = [D(s, y, x), D(s, y, x + 1), D(s, y, x - 1), D(s, y + 1, x), D(s, y - 1, x)]
                total += sum(a * b for a, b in zip(w[at:at + 5], five))
                at += 5
                if order == 0:
                    i = sign(five[0])
                if order == 1:
                    j = sign(five[0])
        near = steps(4 * changes + 2 * n4 + n8, (1, 2, 4, 6, 11, 19, 30, 49, 79, 126))
        d = clamp(((total + 128) >> 8) + 16, 0, 31)
        own = sum(v != 0 for v in around)
        last = min(self.changes_before[y][x], 3)
        bend = clamp(((BW + BE + BN + BS - 4 * g) >> 1) + 8, 0, 15)
        age, other = self.age[c][y][x], self.other[c][y][x]
        back = 0 if age == 255 or other == g else 1 if other > g else 2
        old = steps(age, (1, 2, 3, 4, 8, 16))
        u, v = ([self.now[s][y][x] for s in sources[:2]] + [0, 0])[:2]
        W, N = P[y][x - 1], P[y - 1][x]
        self.predictor.ctx = [
            d * 64 + near * 4 + last,
            min(age, 15) * 256 + other * 32 + last * 8 + own,
            i * 2**13 + j * 2**11 + min(changes, 3) * 512 + old * 64 + back * 16 + bend,
            clamp((m >> 3) + 8, 0, 15) * 32 + old * 4 + back,
            W * 512 + N * 64 + u * 8 + v,
            W * 2**11 + N * 256 + BE * 32 + BS * 4 + (near >> 2),
            BW * 512 + BE * 64 + BN * 8 + BS,
        ]
        self.predictor.channel, self.predictor.activity, self.predictor.position = c, near, d

    def spot_contexts(self, y, x):
        T = (1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64, 85, 113)
        sources = [c for c in range(self.model.channels) if self.model.source[c]]
        drift = sum(abs(self.mean[c][y][x] - 64 * self.before[c][y][x]) for c in sources)
        z = steps(drift >> 3, T)
        ages = [self.age[c][y][x] for c in sources]
        young, least = sum(age < 8 for age in ages), min(ages + [255])
        to, was, Z = self.touched, self.touched_before, self.changes_before
        tW, tN, tNW, tNE = to[y][x - 1], to[y - 1][x], to[y - 1][x - 1], to[y - 1][x + 1]
        count, around = tW + tN + tNW + tNE, tW + 2 * tN + 4 * tNW + 8 * tNE
        ahead = was[y][x + 1] + was[y + 1][x] + was[y + 1][x + 1] + was[y + 1][x - 1]
        near = steps(2 * Z[y][x] + Z[y][x + 1] + Z[y][x - 1] + Z[y + 1][x] + Z[y - 1][x] + 4 * count, T)
        self.predictor.ctx = [
            around * 128 + z * 8 + min(Z[y][x], 7),
            z * 256 + near * 16 + min(young, 15),
            min(least, 31) * 256 + min(young, 7) * 32 + count * 4 + min(ahead, 3),
        ]
        self.predictor.channel = self.model.channels
        self.predictor.activity, self.predictor.position = near, 2 * z + (1 if count > 0 else 0)


def decode_static(tables, payload, channels, size):
    scale = tables["scaleBits"]
    if len(payload) < 4:
        raise Damage("payload is shorter than its state")
    x, pos = int.from_bytes(payload[:4], "little"), 4
    if not 2**23 <= x < 2**31:
        raise Damage("state outside its interval")
    out = bytearray()
    for f in tables["freqs"][:channels]:
        of_slot = [s for s, frequency in enumerate(f) for _ in range(frequency)]
        start = [sum(f[:s]) for s in range(len(f))]
        for _ in range(size):
            slot = x % 2**scale
            s = of_slot[slot]
            out.append(s)
            x = f[s] * (x >> scale) + slot - start[s]
            while x < 2**23:
                if pos == len(payload):
                    raise Damage("payload ends before its last symbol")
                x = x * 256 + payload[pos]
                pos += 1
    if pos != len(payload) or x != 2**23:
        raise Damage("payload does not end as a code ends")
    return bytes(out)


class Reader:
    def __init__(self, tables, tables_hash, model):
        self.tables, self.tables_hash, self.model = tables, tables_hash, model
        self.last = self.coder = None

    def frames(self, data):
        offset = 0
        while offset < len(data):
            try:
                if data[offset:offset + 4] == b"\xabBSI":
                    offset += self.index(data, offset)
                else:
                    symbols, length = self.record(data, offset)
                    yield symbols
                    offset += length
            except Damage as damage:
                raise Damage(f"byte {offset}: {damage}") from damage

    @staticmethod
    def index(data, offset):
        n, k, length = struct.unpack("<BHI", data[offset + 5:offset + 12])
        block = data[offset:offset + length]
        if len(block) < length or data[offset + 4] != 1 or length != 44 + n + 4 + 8 * k + 4:
            raise Damage("index block: cut, or of another version")
        head, frames = block[:44 + n], block[48 + n:-4]
        if zlib.crc32(head) != struct.unpack("<I", block[44 + n:48 + n])[0]:
            raise Damage("index block: head CRC differs")
        if zlib.crc32(frames, zlib.crc32(head)) != struct.unpack("<I", block[-4:])[0]:
            raise Damage("index block: CRC differs")
        return length

    def record(self, data, offset):
        head = data[offset:offset + 12]
        if len(head) < 12 or head[:4] != b"\xabBSF":
            raise Damage("no record starts here")
        version, kind, header_length, length = struct.unpack("<BBHI", head[4:])
        if version not in (1, 2):
            raise Damage(f"container version {version}")
        whole = data[offset:offset + length]
        if len(whole) < length or length < header_length + 8:
            raise Damage("record is cut")
        header, payload = whole[:header_length], whole[header_length + 4:-4]
        header_crc, crc = zlib.crc32(header), struct.unpack("<I", whole[-4:])[0]
        if header_crc != struct.unpack("<I", whole[header_length:header_length + 4])[0]:
            raise Damage("header CRC differs")
        if crc != zlib.crc32(payload, header_crc):
            raise Damage("record CRC differs")
        if version == 2 and kind >= 128:
            return self.predicted(header, payload, kind - 128, crc), length
        at = {1: (12, 20, 48), 2: (32, 40, 56)}[version]
        tables_hash = header[at[1]:at[1] + 8]
        width, height, C, L, stride = struct.unpack("<HHBBB", header[at[2]:at[2] + 7])
        if kind > 2 or (version == 1 and kind != 0):
            raise Damage(f"coding mode {kind} is not known")
        if tables_hash != self.tables_hash or C != len(self.tables["freqs"]) or L != len(self.tables["freqs"][0]):
            raise Damage("coded with other tables")
        h, w = height // stride, width // stride
        self.last = None
        if kind == 0:
            return decode_static(self.tables, payload, C, h * w), length
        if self.model is None or header[48:56] != self.model.hash:
            raise Damage("coded with another context model")
        self.coder = ContextDecoder(self.model, PROFILES[kind], h, w)
        symbols = self.coder.key(payload)
        seq, boot = struct.unpack("<I", header[12:16])[0], header[24:32]
        self.last = (crc, 0, seq, boot, kind)
        return symbols, length

    def predicted(self, header, payload, profile, crc):
        seq, boot = struct.unpack("<I", header[12:16])[0], header[24:32]
        position, chain = struct.unpack("<HI", header[32:38])
        if self.last != (chain, position - 1, seq - 1, boot, profile):
            raise Damage("a predicted record that does not follow the one before")
        symbols = self.coder.predicted(payload)
        self.last = (crc, position, seq, boot, profile)
        return symbols


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entropy", required=True)
    parser.add_argument("--tables-hash", help="16 hexadecimal digits, if not those of the file's SHA-256")
    parser.add_argument("--context")
    parser.add_argument("--context-hash", help="16 hexadecimal digits, if not those of the file's SHA-256")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    with open(options.entropy, "rb") as file:
        entropy = file.read()
    model = None
    if options.context:
        with open(options.context, "rb") as file:
            model = Model(file.read())
        if options.context_hash:
            model.hash = bytes.fromhex(options.context_hash)
    tables_hash = bytes.fromhex(options.tables_hash) if options.tables_hash else hashlib.sha256(entropy).digest()[:8]
    for name in options.files:
        reader = Reader(json.loads(entropy), tables_hash, model)
        with open(name, "rb") as file:
            data = file.read()
        try:
            for symbols in reader.frames(data):
                sys.stdout.buffer.write(symbols)
        except Damage as damage:
            sys.stdout.buffer.flush()
            sys.exit(f"{name}: {damage}")


if __name__ == "__main__":
    main()
