import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeStun, StunAttribute, verifyIntegrity } from '../../src/stun/index.ts';
import { fuzzDecoder } from '../support/fuzz.ts';
import { KEY, samplePackets } from '../support/stun.ts';

test('the STUN decoder and every reader survive prefixes, bit flips and 100,000 mutations', () => {
  let read = 0;
  const decodeAll = (bytes: Uint8Array): void => {
    const message = decodeStun(bytes);
    // A decoded message may be read without care.
    for (const type of Object.values(StunAttribute)) {
      message.value(type);
      message.u32(type);
      message.u64(type);
      message.text(type);
    }
    const all = [message.mappedAddress, message.alternateServer, message.error, message.unknownAttributes, message.passwordAlgorithms];
    message.unknownRequired();
    if (read % 50 === 0) verifyIntegrity(message, KEY);
    read += all.length > 0 ? 1 : 0;
  };
  const seen = fuzzDecoder(decodeAll, samplePackets(), 100_000, 20_489);
  assert.ok(seen > 100_000);
  assert.ok(read > 1000, `${read} decoded`);
});
