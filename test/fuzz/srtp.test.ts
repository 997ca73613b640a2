import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../src/core/index.ts';
import { SrtpSession } from '../../src/srtp/index.ts';
import { fuzzDecoder, mutations, seeded } from '../support/fuzz.ts';
import { onWire, type Options, PROFILES, roomy, rtcp, rtp, sessionPair } from '../support/srtp.ts';

const OPTIONS: readonly (readonly [string, Options])[] = [
  ['', {}],
  [' with Cryptex', { cryptex: true }],
  [' with encrypted header extensions', { encryptedExtensionIds: [1, 2, 3] }],
];

const shapes = (): Uint8Array[] => [
  rtp({ sequence: 1 }),
  rtp({ sequence: 2, csrcs: [1, 2] }),
  rtp({ sequence: 3, extension: [0xbede, [0x11, 1, 2, 0x30, 5]] }),
  rtp({ sequence: 4, csrcs: [7], extension: [0x1000, [1, 3, 1, 2, 3, 0, 2, 0]] }),
  rtp({ sequence: 5, payload: new Uint8Array(0) }),
];

for (const [name, profile] of PROFILES) {
  for (const [with_, options] of OPTIONS) {
    test(`${name}${with_}: nothing that is sent to a session makes it throw, and nothing but what was sealed comes out`, () => {
      const { a, b } = sessionPair(profile, options);
      const sealed = shapes().map((packet) => onWire(a.protectRtp(packet)));
      const reports = [0, 1, 5].map((words) => onWire(a.protectRtcp(rtcp(9, words))));
      const genuine = new Set([...sealed, ...reports].map(toHex));
      let opened = 0;
      const feed = (bytes: Uint8Array): void => {
        const text = genuine.has(toHex(bytes));
        const rtpOut = b.unprotectRtp(onWire(bytes));
        const rtcpOut = b.unprotectRtcp(onWire(bytes));
        if (rtpOut === undefined && rtcpOut === undefined) return;
        assert.ok(text, `accepted ${toHex(bytes)}`);
        opened++;
      };
      const seen = fuzzDecoder(feed, [...sealed, ...reports], 6_000, profile);
      assert.ok(seen > 6_000);
      assert.ok(opened <= genuine.size, `${opened} packets came out of ${genuine.size}`);
      const { rtpPacketsReceived, rtcpPacketsReceived, dropped } = b.stats();
      assert.equal(rtpPacketsReceived + rtcpPacketsReceived, opened);
      assert.equal([...dropped.values()].reduce((sum, count) => sum + count, 0), 2 * seen - opened);
    });
  }

  test(`${name}: whatever RTP packet is given to be protected comes out as it was, or is refused with a typed error`, () => {
    const { a, b } = sessionPair(profile, { encryptedExtensionIds: [1, 2, 3] });
    const inputs = mutations(shapes().map(onWire), 3_000, profile + 100);
    const next = seeded(profile);
    let sequence = 0;
    let through = 0;
    for (const bytes of inputs) {
      if (bytes.length >= 12) {
        bytes[2] = sequence >> 8;
        bytes[3] = sequence;
        bytes.fill(1, 8, 12);
        if (next() < 0.9) bytes[0] = 0x80 | ((bytes[0] as number) & 0x3f);
      }
      const plain = toHex(bytes);
      let sealed: Uint8Array;
      try {
        sealed = a.protectRtp(roomy(bytes));
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'ERR_INVALID_ARGUMENT', plain);
        continue;
      }
      sequence++;
      through++;
      assert.equal(toHex(b.unprotectRtp(onWire(sealed)) ?? new Uint8Array(0)), plain);
    }
    assert.ok(through > 500, `${through} packets went through`);
    assert.ok(SrtpSession.TAILROOM >= 20);
  });
}
