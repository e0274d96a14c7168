"""The workload of `src/workload.rs`, for Python: the same clients, the same figures."""

import sys
import time

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
MS = 1_000_000
TIMEOUT = 69_992_448
CASES = {"small": (64, 15), "large": (10_000, 2_344)}


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


class Client:
    def __init__(self, number):
        self.number = number
        self.state = mix((1 + (number + 1) * GOLDEN) & MASK)

    def below(self, n):
        self.state = (self.state + GOLDEN) & MASK
        return (mix(self.state) * n) >> 64

    def think(self, now):
        return ((now + 50 * MS + self.below(100 * MS)) & ~0xFFFF) | self.number

    def hold(self, now):
        span = 25 * MS + self.below(50 * MS)
        if self.below(64) == 0:
            span *= 16
        return ((now + span) & ~0xFFFF) | self.number


class Counters:
    def __init__(self):
        self.requests = self.timeouts = self.done = self.hash = 0

    def note(self, at, client, kind):
        h = self.hash
        h = ((h << 5) | (h >> 59)) & MASK
        self.hash = ((h ^ at ^ (client << 2 | kind)) * 0x517CC1B727220A95) & MASK


def main(run):
    """Runs `CASE SECONDS` for every line of standard input; answers with the events, the hash and the CPU seconds of each."""
    for line in sys.stdin:
        case, seconds = line.split()
        clients, connections = CASES[case]
        counters = Counters()
        began = time.process_time()
        run(clients, connections, int(seconds) * 1_000_000_000, counters)
        used = time.process_time() - began
        events = counters.requests + counters.timeouts + counters.done
        print(events, counters.hash, used, flush=True)
