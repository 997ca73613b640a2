import { canonicalAddress } from '../../core/index.ts';
import { ensure, pattern, QUIET_MS, same, type ScopedCase } from './harness.ts';

/** More turns of a loop than any datagram needs to arrive. */
const MANY_ROUNDS = 20_000;

/** The hook behind the reads. */
export const afterReadsCases: readonly ScopedCase[] = [
  {
    name: 'afterReads calls back once and never from inside the call',
    async run(scope) {
      let calls = 0;
      let inside = true;
      let wasInside = false;
      scope.runtime.afterReads(() => {
        calls++;
        wasInside ||= inside;
      });
      inside = false;
      ensure(!wasInside, 'it was called from inside');
      await scope.until('the call', () => calls > 0);
      await scope.sleep(QUIET_MS);
      ensure(calls === 1, `it was called ${calls} times`);
    },
  },
  {
    name: 'afterReads comes after the datagrams that can be read already',
    async run(scope) {
      const [address] = (await scope.loopbacks()) as [string];
      const [a, b] = [await scope.bind(address), await scope.bind(address)];
      let atCall = -1;
      b.onDatagram = (bytes, remote) => {
        if (b.arrivals.length === 0) scope.runtime.afterReads(() => (atCall = b.arrivals.length));
        b.arrivals.push({ bytes, copy: bytes, remote });
      };
      for (let i = 0; i < 8; i++) a.send(pattern(50, i), b.socket.localAddress);
      await scope.until('the datagrams and the call', () => b.arrivals.length === 8 && atCall >= 0);
      ensure(atCall === 8, `it came after ${atCall} of 8`);
    },
  },
  {
    name: 'afterReads that asks for itself again lets datagrams through',
    async run(scope) {
      const [address] = (await scope.loopbacks()) as [string];
      const ear = await scope.bind(address);
      let rounds = 0;
      const again = (): void => {
        if (ear.arrivals.length === 0 && ++rounds < MANY_ROUNDS) scope.runtime.afterReads(again);
      };
      again();
      ear.send(pattern(1, 1), ear.socket.localAddress);
      await scope.until('the datagram', () => ear.arrivals.length === 1);
      ensure(rounds < MANY_ROUNDS, 'nothing else had a chance');
    },
  },
];

/** Names, interfaces and randomness. */
export const systemCases: readonly ScopedCase[] = [
  {
    name: 'an address is its own answer, in canonical text',
    async run({ runtime }) {
      for (const [text, canonical] of [
        ['127.0.0.1', '127.0.0.1'],
        ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
        ['::ffff:192.0.2.1', '192.0.2.1'],
      ] as const) {
        const found = await runtime.resolve(text);
        ensure(found.length === 1 && found[0] === canonical, `${text} is ${found.join()}`);
      }
    },
  },
  {
    name: 'a name without addresses, or that is none, resolves to nothing and never rejects',
    async run({ runtime }) {
      for (const name of ['', ' ', '..', 'x'.repeat(300), 'nobody.invalid']) {
        const found = await runtime.resolve(name);
        ensure(Array.isArray(found) && found.length === 0, `${name} is ${found.join()}`);
      }
    },
  },
  {
    name: 'interfaces have canonical addresses, with a loopback one among them',
    async run({ runtime }) {
      const list = runtime.interfaces();
      ensure(
        list.some(({ isLoopback }) => isLoopback),
        'no loopback address',
      );
      for (const one of list) {
        ensure(canonicalAddress(one.address) === one.address, `${one.address} is not canonical`);
        ensure(one.family === (one.address.includes(':') ? 6 : 4), `${one.address} is of family ${one.family}`);
        ensure(one.prefixLength >= 0 && one.prefixLength <= (one.family === 6 ? 128 : 32), `prefix length ${one.prefixLength}`);
        ensure(one.name.length > 0, 'an interface has no name');
        ensure(one.mtuBytes === undefined || one.mtuBytes >= 576, `mtu ${one.mtuBytes}`);
      }
    },
  },
  {
    name: 'random bytes fill the whole buffer and differ',
    async run({ runtime }) {
      for (const size of [0, 1, 32, 100_000]) {
        const [a, b] = [new Uint8Array(size), new Uint8Array(size)];
        runtime.random(a);
        runtime.random(b);
        if (size < 32) continue;
        ensure(!same(a, b), 'the same bytes twice');
        ensure(
          a.subarray(size - 32).some((byte) => byte !== 0),
          'the end was not filled',
        );
      }
    },
  },
];
