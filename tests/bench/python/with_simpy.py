"""SimPy: a process for each client, a Resource for the pool, the time-out raced against the request."""

import simpy

from workload import TIMEOUT, Client, Counters, main


def client(env, pool, me, counters):
    while True:
        yield env.timeout(me.think(env.now) - env.now)
        counters.requests += 1
        request = pool.request()
        if not request.triggered:
            yield request | env.timeout(TIMEOUT)
        if not request.triggered:
            request.cancel()
            counters.timeouts += 1
            counters.note(env.now, me.number, 2)
            continue
        counters.note(env.now, me.number, 0)
        yield env.timeout(me.hold(env.now) - env.now)
        counters.done += 1
        counters.note(env.now, me.number, 1)
        pool.release(request)


def run(clients, connections, until, counters: Counters):
    env = simpy.Environment()
    pool = simpy.Resource(env, connections)
    for number in range(clients):
        env.process(client(env, pool, Client(number), counters))
    env.run(until)


main(run)
