import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { type Aead, concat, type CryptoProvider, RtcError, toHex } from '../../../src/core/index.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import { profileParameters, SrtpProfile, SrtpSession } from '../../../src/srtp/index.ts';
import { createTransform, type Transform } from '../../../src/srtp/transform.ts';
import { bitFlips, prefixes, seeded } from '../../support/fuzz.ts';
import { dropped, environment, onWire, type Options, PROFILES, rtcp, rtp, sessionPair } from '../../support/srtp.ts';

const code = (wanted: string) => (error: unknown) => error instanceof RtcError && error.code === wanted;
const GCM = SrtpProfile.aeadAes128Gcm;

/** A session whose remote keys are known, and what the peer would protect with; for packets that our own sender refuses to make. */
function withRawPeer(profile: number, options: Options = {}, crypto: CryptoProvider = nodeCrypto): {
  readonly session: SrtpSession;
  readonly peer: Transform;
} {
  const parameters = profileParameters(profile);
  const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
  const [key, salt] = [fill(parameters.keyBytes, 7), fill(parameters.saltBytes, 8)];
  const config = { profile, localKey: fill(parameters.keyBytes, 1), localSalt: fill(parameters.saltBytes, 2), remoteKey: key, remoteSalt: salt };
  return { session: new SrtpSession({ ...config, ...options }, { crypto }), peer: createTransform(crypto, parameters, key, salt) };
}

/** Protects with any index at all. */
function sealRaw(peer: Transform, packet: Uint8Array, index: number): Uint8Array {
  const sealed = concat(packet, new Uint8Array(peer.rtpOverheadBytes));
  peer.sealRtp(new DataView(sealed.buffer).getUint32(8), index, sealed, 0, 12, packet.length);
  return sealed;
}

function sealRawRtcp(peer: Transform, packet: Uint8Array, index: number): Uint8Array {
  const sealed = concat(packet, new Uint8Array(peer.rtcpOverheadBytes));
  peer.sealRtcp(new DataView(sealed.buffer).getUint32(4), index, sealed, packet.length);
  return sealed;
}

/**
 * A cipher whose tag is its nonce: it holds only where both ends think of the same SSRC and index, and it costs next to
 * nothing, so that long runs can be seen through.
 */
const nonceAsTag: CryptoProvider = {
  ...nodeCrypto,
  createAead: (): Aead => ({
    seal(nonce, _aad, buffer, _start, end): void {
      for (let i = 0; i < 16; i++) buffer[end + i] = nonce[i] ?? 0xee;
    },
    open(nonce, _aad, buffer, _start, end): boolean {
      for (let i = 0; i < 16; i++) if (buffer[end - 16 + i] !== (nonce[i] ?? 0xee)) return false;
      return true;
    },
  }),
};

for (const [name, profile] of PROFILES) {
  test(`A-SRTP-01 ${name}: no flipped bit, zero tag or cut packet of SRTP or SRTCP is accepted, and the real one still is`, () => {
    for (const options of [{}, { cryptex: true }, { encryptedExtensionIds: [1] }] as const satisfies readonly Options[]) {
      const { a, b } = sessionPair(profile, options);
      const tag = profileParameters(profile).rtpTagBytes;
      b.unprotectRtp(onWire(a.protectRtp(rtp({ sequence: 1 }))));
      const packet = rtp({ sequence: 2, csrcs: [5], extension: [0xbede, [0x11, 1, 2]] });
      const sealed = onWire(a.protectRtp(packet));
      const report = onWire(a.protectRtcp(rtcp()));
      for (const forged of bitFlips(sealed)) assert.equal(b.unprotectRtp(forged), undefined);
      for (const forged of prefixes(sealed)) assert.equal(b.unprotectRtp(forged), undefined);
      assert.equal(b.unprotectRtp(concat(sealed, Uint8Array.of(0))), undefined);
      assert.equal(b.unprotectRtp(concat(sealed.subarray(0, -tag), new Uint8Array(tag))), undefined);
      for (const forged of bitFlips(report)) assert.equal(b.unprotectRtcp(forged), undefined);
      for (const forged of prefixes(report)) assert.equal(b.unprotectRtcp(forged), undefined);
      assert.equal(b.unprotectRtcp(concat(report.subarray(0, -10), new Uint8Array(10))), undefined);
      assert.ok(b.unprotectRtp(sealed));
      assert.ok(b.unprotectRtcp(report));
      assert.deepEqual([b.stats().rtpReceiveStreams, b.stats().rtcpReceiveStreams, b.stats().rtpPacketsReceived], [1, 1, 2]);
    }
  });
}

test('A-SRTP-02 forged sequence numbers move neither rollover counter nor window, wherever they come in between', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff }), fc.array(fc.integer({ min: -40_000, max: 40_000 }), { minLength: 20, maxLength: 60 }), (start, jumps) => {
      const { a, b } = sessionPair(GCM, {}, start);
      let sequence = start & 0x7fff; // RFC 3711 3.3.1 asks for a start in the lower half
      for (const jump of jumps) {
        const forged = rtp({ sequence: (sequence + jump) & 0xffff, payload: new Uint8Array(40) });
        assert.equal(b.unprotectRtp(onWire(forged)), undefined);
        assert.ok(b.unprotectRtp(onWire(a.protectRtp(rtp({ sequence: sequence & 0xffff })))));
        sequence += 1 + (Math.abs(jump) & 0x3fff);
      }
    }),
    { numRuns: 60, seed: 3 },
  );
});

test('A-SRTP-02 a forged wrap just before the real one is harmless', () => {
  const { a, b } = sessionPair();
  for (const sequence of [30_000, 60_000, 65_534]) assert.ok(b.unprotectRtp(onWire(a.protectRtp(rtp({ sequence })))));
  for (const sequence of [0, 1, 32_766, 32_767, 32_768]) assert.equal(b.unprotectRtp(rtp({ sequence, payload: new Uint8Array(40) })), undefined);
  for (const sequence of [65_535, 0, 1]) assert.ok(b.unprotectRtp(onWire(a.protectRtp(rtp({ sequence })))), String(sequence));
});

test('A-SRTP-03 200,000 packets with loss and reordering across three wraps are all opened', () => {
  const { a, b } = sessionPair(GCM, {}, 1, nonceAsTag);
  const next = seeded(7);
  const payload = new Uint8Array(4);
  const waiting: Uint8Array[] = [];
  let delivered = 0;
  const deliver = (packet: Uint8Array): void => {
    const index = new DataView(packet.buffer, packet.byteOffset).getUint32(4);
    const opened = b.unprotectRtp(packet);
    assert.ok(opened, `packet ${index}`);
    delivered++;
  };
  let lost = 0;
  for (let i = 0; i < 200_000; i++) {
    const packet = rtp({ sequence: (60_000 + i) & 0xffff, payload });
    new DataView(packet.buffer, packet.byteOffset).setUint32(4, i);
    const sealed = a.protectRtp(packet);
    const nearWrap = ((60_000 + i + 50) & 0xffff) < 100;
    if (next() < 0.01) lost++;
    else if (nearWrap && next() < 0.3) waiting.push(sealed);
    else deliver(sealed);
    if (waiting.length > 30 || !nearWrap) for (const late of waiting.splice(0).reverse()) deliver(late);
  }
  for (const late of waiting) deliver(late);
  assert.equal(delivered, 200_000 - lost);
  assert.ok(lost > 1_000);
  assert.deepEqual([...b.stats().dropped], []);
});

for (const [name, profile] of PROFILES) {
  test(`A-SRTP-03 ${name}: the first packets are opened when a wrap separates them, in any order`, () => {
    for (const order of [[0, 1, 2, 3], [2, 0, 1, 3], [3, 2, 1, 0], [2, 3], [3], [1, 3, 0, 2]]) {
      const { a, b } = sessionPair(profile);
      const sealed = [65_534, 65_535, 0, 1].map((sequence) => onWire(a.protectRtp(rtp({ sequence }))));
      for (const i of order) assert.ok(b.unprotectRtp(onWire(sealed[i] as Uint8Array)), `${i} of ${order.join()}`);
      for (const i of order) assert.equal(b.unprotectRtp(onWire(sealed[i] as Uint8Array)), undefined, 'a replay');
    }
  });
}

for (const window of [64, 128, 1024]) {
  test(`A-SRTP-04 with a window of ${window} each packet is delivered once however often it comes, and not at all when it is older`, () => {
    const { a, b } = sessionPair(GCM, { rtpReplayWindow: window, rtcpReplayWindow: window });
    const packets = Array.from({ length: 3 * window }, (_, i) => onWire(a.protectRtp(rtp({ sequence: (65_000 + i) & 0xffff }))));
    const reports = Array.from({ length: 3 * window }, () => onWire(a.protectRtcp(rtcp())));
    const last = 3 * window - 1;
    const inOrder = [...packets.keys()].filter((i) => i !== last - window + 1 && i !== last - window);
    let rtpCount = 0;
    let rtcpCount = 0;
    for (const i of inOrder) {
      for (let copy = 0; copy < 5; copy++) {
        if (b.unprotectRtp(onWire(packets[i] as Uint8Array)) !== undefined) rtpCount++;
        if (b.unprotectRtcp(onWire(reports[i] as Uint8Array)) !== undefined) rtcpCount++;
      }
    }
    assert.deepEqual([rtpCount, rtcpCount], [inOrder.length, inOrder.length]);
    // The oldest that the window can judge is accepted late; the one before it is not.
    assert.ok(b.unprotectRtp(onWire(packets[last - window + 1] as Uint8Array)));
    assert.ok(b.unprotectRtcp(onWire(reports[last - window + 1] as Uint8Array)));
    assert.equal(b.unprotectRtp(onWire(packets[last - window] as Uint8Array)), undefined);
    assert.equal(b.unprotectRtcp(onWire(reports[last - window] as Uint8Array)), undefined);
    assert.deepEqual([dropped(b, 'srtp.old'), dropped(b, 'srtcp.old'), dropped(b, 'srtp.replay')], [1, 1, 4 * inOrder.length]);
  });
}

/** A provider that remembers each nonce and what it protected. */
function recording(): { readonly crypto: CryptoProvider; readonly used: Map<string, string>; readonly repeated: string[] } {
  const used = new Map<string, string>();
  const repeated: string[] = [];
  const note = (key: Uint8Array, nonce: Uint8Array, content: string): void => {
    const id = `${toHex(key)} ${toHex(nonce)}`;
    if (used.has(id)) repeated.push(id);
    used.set(id, content);
  };
  const crypto: CryptoProvider = {
    ...nodeCrypto,
    createAead(name, key): Aead {
      const copy = key.slice();
      const aead = nodeCrypto.createAead(name, key);
      return {
        seal(nonce, aad, buffer, start, end): void {
          note(copy, nonce, toHex(buffer.subarray(start, end)));
          aead.seal(nonce, aad, buffer, start, end);
        },
        open: (...args) => aead.open(...args),
      };
    },
    createCtr(key) {
      const copy = key.slice();
      const ctr = nodeCrypto.createCtr(key);
      return {
        xor(counter, buffer, start, end): void {
          note(copy, counter, toHex(buffer.subarray(start, end)));
          ctr.xor(counter, buffer, start, end);
        },
      };
    },
  };
  return { crypto, used, repeated };
}

for (const [name, profile] of PROFILES) {
  test(`A-SRTP-05 ${name}: whatever is asked for, no key and nonce protect twice`, () => {
    const { keyBytes, saltBytes } = profileParameters(profile);
    const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
    const step = fc.record({ ssrc: fc.integer({ min: 1, max: 3 }), by: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -40_000, max: 40_000 })), report: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
        const { crypto, repeated } = recording();
        const session = new SrtpSession({ profile, localKey: fill(keyBytes, 1), localSalt: fill(saltBytes, 2), remoteKey: fill(keyBytes, 3), remoteSalt: fill(saltBytes, 4) }, { crypto });
        repeated.length = 0; // key derivation has counters of its own
        let sequence = 65_000;
        let nth = 0;
        for (const { ssrc, by, report } of steps) {
          sequence = (sequence + by) & 0xffff;
          try {
            session.protectRtp(rtp({ ssrc, sequence, payload: fill(20, nth++) }));
          } catch (error) {
            assert.ok(code('ERR_INVALID_STATE')(error));
          }
          if (report) session.protectRtcp(rtcp(ssrc));
        }
        assert.deepEqual(repeated, []);
      }),
      { numRuns: 150, seed: 5 },
    );
  });
}

test('A-SRTP-05 a sequence number is protected once, also when the packet is another or the first came long ago', () => {
  const { a, b } = sessionPair();
  for (const sequence of [10, 9, 11]) a.protectRtp(rtp({ sequence }));
  for (const sequence of [9, 10, 11]) assert.throws(() => a.protectRtp(rtp({ sequence, payload: new Uint8Array(3) })), code('ERR_INVALID_STATE'));
  a.protectRtp(rtp({ sequence: 11 + 1024 }));
  assert.throws(() => a.protectRtp(rtp({ sequence: 8 })), code('ERR_INVALID_STATE'), 'never sent, but nobody can tell');
  assert.throws(() => a.protectRtp(rtp({ sequence: 11 })), code('ERR_INVALID_STATE'));
  // The same number in the next round is another index.
  for (const sequence of [30_000, 60_000, 9]) assert.ok(b.unprotectRtp(onWire(a.protectRtp(rtp({ sequence })))));
});

test('A-SRTP-05 an SSRC belongs to one sender, a retransmission stream has its own, and a retired one does not come back', () => {
  const { a } = sessionPair();
  a.reserveSsrc(1);
  assert.throws(() => a.reserveSsrc(1), code('ERR_INVALID_STATE'));
  a.protectRtp(rtp({ ssrc: 1 }));
  a.protectRtp(rtp({ ssrc: 2 })); // retransmissions (RFC 4588 4)
  assert.throws(() => a.reserveSsrc(2), code('ERR_INVALID_STATE'), 'it has sent already');
  a.protectRtp(rtp({ ssrc: 1, sequence: 2 })); // another track of the same sender goes on counting
  a.retireSsrc(1);
  assert.throws(() => a.protectRtp(rtp({ ssrc: 1, sequence: 3 })), code('ERR_INVALID_STATE'));
  assert.throws(() => a.reserveSsrc(1), code('ERR_INVALID_STATE'));
  a.retireSsrc(9);
  assert.throws(() => a.reserveSsrc(9), code('ERR_INVALID_STATE'), 'retired before it ever sent');
  assert.equal(a.stats().sendStreams, 3);
});

test('A-SRTP-05 SSRCs that send are bounded, with limit − 1, limit and limit + 1', () => {
  const { a } = sessionPair(GCM, { maxSendStreams: 3 });
  for (const ssrc of [1, 2, 3]) a.protectRtp(rtp({ ssrc }));
  assert.throws(() => a.protectRtp(rtp({ ssrc: 4 })), code('ERR_RESOURCE'));
  assert.throws(() => a.reserveSsrc(5), code('ERR_RESOURCE'));
  a.protectRtp(rtp({ ssrc: 3, sequence: 2 }));
});

for (const [name, profile] of PROFILES) {
  test(`A-SRTP-06 ${name}: SRTCP without the E bit, too short, or with an index that was used is dropped`, () => {
    const { session, peer } = withRawPeer(profile);
    const top = 2 ** 31 - 1;
    assert.ok(session.unprotectRtcp(sealRawRtcp(peer, rtcp(), top - 1)));
    assert.ok(session.unprotectRtcp(sealRawRtcp(peer, rtcp(), top)));
    for (const index of [top, top - 1]) assert.equal(session.unprotectRtcp(sealRawRtcp(peer, rtcp(), index)), undefined);
    assert.equal(dropped(session, 'srtcp.replay'), 2);
    for (const index of [0, 1, 2 ** 30]) assert.equal(session.unprotectRtcp(sealRawRtcp(peer, rtcp(), index)), undefined, 'after a wrap');
    assert.equal(dropped(session, 'srtcp.old'), 3);
    const clear = sealRawRtcp(peer, rtcp(5), 7);
    const at = peer.rtcpIndexAt(clear.length);
    clear[at] = (clear[at] as number) & 0x7f;
    assert.equal(session.unprotectRtcp(clear), undefined);
    assert.equal(dropped(session, 'srtcp.plain'), 1);
    for (let length = 0; length < 8 + peer.rtcpOverheadBytes; length++) assert.equal(session.unprotectRtcp(new Uint8Array(length).fill(0x80)), undefined);
    assert.equal(dropped(session, 'srtcp.malformed'), 8 + peer.rtcpOverheadBytes);
  });
}

test('A-SRTP-06 the sender counts from 0 over all SSRCs and stops when the indices are used up', () => {
  const { a, b } = sessionPair(GCM, { maxRtcpPackets: 3 });
  for (const [i, ssrc] of [1, 2, 1].entries()) {
    const sealed = a.protectRtcp(rtcp(ssrc));
    assert.equal(toHex(sealed.subarray(-4)), `8000000${i}`);
    assert.ok(b.unprotectRtcp(onWire(sealed)));
  }
  assert.throws(() => a.protectRtcp(rtcp(1)), code('ERR_RESOURCE'));
  assert.throws(() => a.protectRtcp(rtcp(3)), code('ERR_RESOURCE'));
  assert.ok(a.protectRtp(rtp({})), 'media goes on');
});

test('A-SRTP-07 CSRC counts and extension lengths that lie are dropped before any cipher', () => {
  let calls = 0;
  const crypto: CryptoProvider = {
    ...nodeCrypto,
    createAead: () => ({
      seal(): void {
        calls++;
      },
      open(): boolean {
        calls++;
        return true;
      },
    }),
  };
  const { session } = withRawPeer(GCM, {}, crypto);
  const header = (first: number, length: number, ...rest: readonly [at: number, value: number][]): Uint8Array => {
    const packet = new Uint8Array(length);
    packet[0] = first;
    for (const [at, value] of rest) packet[at] = value;
    return packet;
  };
  const lies = [
    header(0x8f, 12 + 16), header(0x8f, 12 + 59 + 16), header(0x90, 12 + 3 + 16), header(0x90, 12 + 16),
    header(0x90, 200, [14, 0xff], [15, 0xff]), header(0x90, 12 + 4 + 16, [15, 1]), header(0x9f, 12 + 60 + 4 + 16, [75, 1]),
    header(0x80, 12 + 15), header(0x40, 60), header(0xc0, 60), header(0x00, 60), new Uint8Array(0), header(0x80, 1),
  ];
  for (const packet of lies) assert.equal(session.unprotectRtp(packet), undefined, toHex(packet));
  assert.deepEqual([calls, dropped(session, 'srtp.malformed')], [0, lies.length]);
  for (const packet of [header(0x80, 12 + 16), header(0x8f, 12 + 60 + 16, [8, 1]), header(0x90, 12 + 8 + 16, [8, 2], [15, 1])]) assert.ok(session.unprotectRtp(packet));
});

test('A-SRTP-08 a million forged SSRCs leave no state', () => {
  // The first thousands meet the real cipher, the rest one that refuses everything at once.
  const real = withRawPeer(GCM).session;
  const packet = rtp({ payload: new Uint8Array(40) }).slice();
  const view = new DataView(packet.buffer);
  const flood = (session: SrtpSession, count: number): void => {
    for (let i = 0; i < count; i++) {
      view.setUint32(8, Math.imul(i, 2_654_435_761) >>> 0);
      if (session.unprotectRtp(packet) !== undefined) assert.fail('accepted');
      view.setUint32(4, Math.imul(i, 2_654_435_761) >>> 0);
      packet[packet.length - 4] = 0x80;
      if (session.unprotectRtcp(packet) !== undefined) assert.fail('accepted');
    }
  };
  flood(real, 10_000);
  const refusing = withRawPeer(GCM, {}, { ...nodeCrypto, createAead: () => ({ seal: () => undefined, open: () => false }) }).session;
  flood(refusing, 500_000);
  for (const session of [real, refusing]) {
    const { rtpReceiveStreams, rtcpReceiveStreams } = session.stats();
    assert.deepEqual([rtpReceiveStreams, rtcpReceiveStreams], [0, 0]);
  }
  assert.deepEqual([dropped(refusing, 'srtp.forged'), dropped(refusing, 'srtcp.forged')], [500_000, 500_000]);
});

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test('A-SRTP-09 a hundred thousand SSRCs of an authenticated peer keep 256 streams and less than a mebibyte', () => {
  const { session, peer } = withRawPeer(GCM, {}, nonceAsTag);
  session.declareRemote(0xffff_ffff);
  const declared = sealRaw(peer, rtp({ ssrc: 0xffff_ffff, sequence: 1 }), 1);
  assert.ok(session.unprotectRtp(onWire(declared)));
  const before = heapBytes();
  for (let ssrc = 0; ssrc < 100_000; ssrc++) {
    if (session.unprotectRtp(sealRaw(peer, rtp({ ssrc, payload: new Uint8Array(1) }), 1)) === undefined) assert.fail(`SSRC ${ssrc}`);
    if (ssrc % 10 === 0 && session.unprotectRtcp(sealRawRtcp(peer, rtcp(ssrc, 0), ssrc)) === undefined) assert.fail(`SRTCP of SSRC ${ssrc}`);
  }
  const grown = heapBytes() - before;
  assert.ok(grown < 1024 * 1024, `${grown} bytes more`);
  const { rtpReceiveStreams, rtcpReceiveStreams } = session.stats();
  assert.deepEqual([rtpReceiveStreams, rtcpReceiveStreams], [257, 256]);
  assert.equal(dropped(session, 'srtp.evicted'), 100_000 - 256);
  assert.equal(session.unprotectRtp(onWire(declared)), undefined, 'the declared one is still known, so this is a replay');
  assert.equal(dropped(session, 'srtp.replay'), 1);
});

test('A-SRTP-09 the stream longest unused goes first, and only beyond the limit; undeclaring one makes it go like the others', () => {
  const { session, peer } = withRawPeer(GCM, { maxUndeclaredStreams: 3 });
  const take = (ssrc: number, index: number): boolean => session.unprotectRtp(sealRaw(peer, rtp({ ssrc, sequence: index }), index)) !== undefined;
  session.declareRemote(1);
  session.declareRemote(1);
  for (const ssrc of [1, 2, 3, 4]) assert.ok(take(ssrc, 1));
  assert.equal(session.stats().rtpReceiveStreams, 4);
  assert.equal(dropped(session, 'srtp.evicted'), 0);
  assert.ok(take(2, 2)); // so 3 is the oldest now
  assert.ok(take(5, 1));
  assert.equal(dropped(session, 'srtp.evicted'), 1);
  for (const ssrc of [1, 2, 4, 5]) assert.equal(take(ssrc, 1), false, `${ssrc} is known, so this is a replay`);
  session.declareRemote(2); // leaves room for one more stranger
  assert.ok(take(6, 1));
  assert.equal(session.stats().rtpReceiveStreams, 5);
  session.undeclareRemote(1); // 1, 4, 5, 6 are strangers now, and 4 is the one longest unused
  session.undeclareRemote(77);
  assert.equal(session.stats().rtpReceiveStreams, 4);
  assert.ok(take(7, 1)); // takes the place of 1, whose only packet came first
  assert.equal(take(2, 2), false);
  assert.equal(session.stats().rtpReceiveStreams, 4);
});

test('A-SRTP-10 a million bad packets of all kinds end nothing', () => {
  const { a, b } = sessionPair();
  const good = onWire(a.protectRtp(rtp({ sequence: 1 })));
  assert.ok(b.unprotectRtp(onWire(good)));
  const plainReport = concat(rtcp(), new Uint8Array(40));
  const forged = rtp({ sequence: 2, payload: new Uint8Array(60) }).slice();
  for (let i = 0; i < 320_000; i++) {
    b.unprotectRtp(good.subarray(0, 20));
    b.unprotectRtp(good); // a replay is dropped before it is touched
    b.unprotectRtcp(plainReport);
  }
  for (let i = 0; i < 40_000; i++) b.unprotectRtp(forged);
  assert.deepEqual(
    [dropped(b, 'srtp.malformed'), dropped(b, 'srtp.replay'), dropped(b, 'srtcp.plain'), dropped(b, 'srtp.forged')],
    [320_000, 320_000, 320_000, 40_000],
  );
  assert.ok(b.unprotectRtp(onWire(a.protectRtp(rtp({ sequence: 2 })))));
  assert.ok(b.unprotectRtcp(onWire(a.protectRtcp(rtcp()))));
});

test('A-SRTP-11 ends with different profiles under the same key bytes do not understand each other', () => {
  const key = new Uint8Array(32).fill(3);
  const salt = new Uint8Array(14).fill(4);
  const make = (profile: number): SrtpSession => {
    const { keyBytes, saltBytes } = profileParameters(profile);
    const [k, s] = [key.slice(0, keyBytes), salt.slice(0, saltBytes)];
    return new SrtpSession({ profile, localKey: k, localSalt: s, remoteKey: k, remoteSalt: s }, environment);
  };
  for (const [nameA, profileA] of PROFILES) {
    for (const [nameB, profileB] of PROFILES) {
      const [a, b] = [make(profileA), make(profileB)];
      assert.equal(b.unprotectRtp(onWire(a.protectRtp(rtp({})))) !== undefined, profileA === profileB, `${nameA} to ${nameB}`);
      // The two profiles of counter mode differ in the tag of SRTP alone (RFC 5764 4.1.2).
      const alike = profileA === profileB || (profileA < 7 && profileB < 7);
      assert.equal(b.unprotectRtcp(onWire(a.protectRtcp(rtcp()))) !== undefined, alike, `SRTCP, ${nameA} to ${nameB}`);
    }
  }
});

test('A-SRTP-11 SRTCP with a tag of 32 bits is dropped under the profile that has one for SRTP', () => {
  const { a, b } = sessionPair(SrtpProfile.aes128CmSha1_32);
  const sealed = onWire(a.protectRtcp(rtcp()));
  assert.equal(sealed.length, rtcp().length + 4 + 10);
  assert.equal(b.unprotectRtcp(sealed.slice(0, -6)), undefined);
  assert.ok(b.unprotectRtcp(sealed));
});

for (const [name, profile] of PROFILES) {
  test(`A-SRTP-12 ${name}: RTP and RTCP in the clear are dropped`, () => {
    const { a, b } = sessionPair(profile);
    const attempt = (): void => {
      for (let size = 0; size < 64; size++) {
        assert.equal(b.unprotectRtp(rtp({ sequence: 100 + size, payload: new Uint8Array(size) })), undefined);
        assert.equal(b.unprotectRtcp(rtcp(0xcafebabe, size)), undefined);
      }
    };
    attempt();
    assert.ok(b.unprotectRtp(onWire(a.protectRtp(rtp({})))));
    assert.ok(b.unprotectRtcp(onWire(a.protectRtcp(rtcp()))));
    attempt();
    assert.deepEqual([b.stats().rtpPacketsReceived, b.stats().rtcpPacketsReceived], [1, 1]);
  });
}
