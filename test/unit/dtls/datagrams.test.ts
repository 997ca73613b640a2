import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeUtf8 } from '../../../src/core/index.ts';
import type { DtlsMachine } from '../../../src/dtls/index.ts';
import { ContentType } from '../../../src/dtls/constants.ts';
import { DtlsPair, recordsOf } from '../../support/dtls.ts';

function datagramsOf(machine: DtlsMachine): Uint8Array[] {
  const datagrams: Uint8Array[] = [];
  for (let datagram = machine.pollWrite(); datagram !== undefined; datagram = machine.pollWrite()) datagrams.push(datagram);
  return datagrams;
}

/** Up to where the server is connected, and its last flight has not left yet. */
function beforeLastFlight(): DtlsPair {
  const pair = new DtlsPair();
  const carry = (from: DtlsMachine, to: DtlsMachine): void => datagramsOf(from).forEach((datagram) => to.handleRead(datagram, 0));
  pair.client.start(0);
  carry(pair.client, pair.server);
  carry(pair.server, pair.client);
  carry(pair.client, pair.server);
  assert.deepEqual([pair.client.state, pair.server.state], ['connecting', 'connected']);
  return pair;
}

const typesOf = (datagram: Uint8Array): readonly number[] => recordsOf(datagram).map(({ type }) => type);

test('the last flight and the first data share a datagram, and both are taken from it (RFC 6347 4.1.1)', () => {
  const { client, server } = beforeLastFlight();
  server.handleWrite(encodeUtf8('first'), 0);
  const datagrams = datagramsOf(server);
  assert.deepEqual(datagrams.map(typesOf), [[ContentType.changeCipherSpec, ContentType.handshake, ContentType.applicationData]]);
  client.handleRead(datagrams[0] as Uint8Array, 0);
  assert.equal(client.state, 'connected');
  assert.deepEqual(client.pollRead(), encodeUtf8('first'));
});

test('data for which the datagram of the flight has no room leaves behind it', () => {
  const { server } = beforeLastFlight();
  server.handleWrite(new Uint8Array(1150), 0);
  assert.deepEqual(datagramsOf(server).map(typesOf), [[ContentType.changeCipherSpec, ContentType.handshake], [ContentType.applicationData]]);
});

test('what is sealed in place has a datagram of its own', () => {
  const { server } = beforeLastFlight();
  server.sealInPlace(new Uint8Array(100).subarray(30, 60));
  assert.deepEqual(datagramsOf(server).map(typesOf), [[ContentType.changeCipherSpec, ContentType.handshake]]);
});

test('the last data and close_notify share a datagram, and both are taken from it', () => {
  const { client, server } = new DtlsPair().handshake();
  client.handleWrite(encodeUtf8('last'), 0);
  client.close(0);
  const datagrams = datagramsOf(client);
  assert.deepEqual(datagrams.map(typesOf), [[ContentType.applicationData, ContentType.alert]]);
  server.handleRead(datagrams[0] as Uint8Array, 0);
  assert.equal(server.state, 'closed');
  assert.deepEqual(server.pollRead(), encodeUtf8('last'));
});

test('property: records leave in order, in as few datagrams of at most the MTU as that order allows', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }), fc.integer({ min: 200, max: 1500 }), (sizes, mtuBytes) => {
      const { client } = new DtlsPair().handshake();
      client.setMtu(mtuBytes);
      sizes.forEach((size) => client.handleWrite(new Uint8Array(size), 0));
      const datagrams = datagramsOf(client);
      const numbers = datagrams.flatMap((datagram) => recordsOf(datagram).map(({ sequence }) => sequence));
      assert.equal(numbers.length, sizes.length);
      assert.ok(numbers.every((number, i) => i === 0 || number === (numbers[i - 1] as number) + 1));
      datagrams.forEach((datagram, i) => {
        const records = recordsOf(datagram);
        assert.ok(records.length === 1 || datagram.length <= mtuBytes);
        const next = datagrams[i + 1];
        if (next !== undefined) assert.ok(datagram.length + (recordsOf(next)[0] as { bytes: Uint8Array }).bytes.length > mtuBytes);
      });
    }),
    { numRuns: 30 },
  );
});
