import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Aead, type CryptoProvider, RtcError, toHex } from '../../../src/core/index.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import { pureCrypto } from '../../../src/crypto/pure.ts';
import { splitSrtpKeys } from '../../../src/dtls/srtp.ts';
import { profileParameters, type SrtpConfig, SrtpProfile, SrtpSession, supportedSrtpProfiles } from '../../../src/srtp/index.ts';
import { dropped, environment, onWire, type Options, PROFILES, roomy, rtcp, rtp, sessionPair } from '../../support/srtp.ts';

const code = (wanted: string) => (error: unknown) => error instanceof RtcError && error.code === wanted;

for (const [name, profile] of PROFILES) {
  test(`${name}: RTP and RTCP of every small size come out as they went in, and grow by tag and index only`, () => {
    const { a, b } = sessionPair(profile);
    const rtpTag = profileParameters(profile).rtpTagBytes;
    const rtcpTag = profileParameters(profile).cipher === 'gcm' ? 16 : 10; // RFC 3711 5.2: SRTCP has the long one
    for (let size = 0; size < 70; size++) {
      const packet = rtp({ sequence: size, payload: new Uint8Array(size).map((_, i) => i) });
      const plain = toHex(packet);
      const sealed = a.protectRtp(packet);
      assert.equal(sealed.length, plain.length / 2 + rtpTag);
      assert.equal(toHex(sealed.subarray(0, 12)), plain.slice(0, 24), 'the header stays in the clear');
      if (size > 8) assert.notEqual(toHex(sealed.subarray(12, 12 + size)), plain.slice(24));
      assert.equal(toHex(b.unprotectRtp(onWire(sealed)) as Uint8Array), plain);
      const report = rtcp(7, size);
      const plainReport = toHex(report);
      const sealedReport = a.protectRtcp(report);
      assert.equal(sealedReport.length, plainReport.length / 2 + rtcpTag + 4);
      assert.equal(toHex(b.unprotectRtcp(onWire(sealedReport)) as Uint8Array), plainReport);
    }
    const { rtpPacketsSent, rtcpPacketsSent } = a.stats();
    const { rtpPacketsReceived, rtcpPacketsReceived, dropped: drops } = b.stats();
    assert.deepEqual([rtpPacketsSent, rtcpPacketsSent, rtpPacketsReceived, rtcpPacketsReceived, drops.size], [70, 70, 70, 70, 0]);
  });

  test(`${name}: a packet is protected in its own buffer and what lies around it stays as it was`, () => {
    const { a, b } = sessionPair(profile);
    for (const [packet, protect] of [[rtp({}), a.protectRtp.bind(a)], [rtcp(), a.protectRtcp.bind(a)]] as const) {
      const sealed = protect(packet);
      assert.equal(sealed.buffer, packet.buffer);
      assert.equal(sealed.byteOffset, packet.byteOffset);
      const all = new Uint8Array(packet.buffer);
      assert.ok(all.subarray(0, sealed.byteOffset).every((byte) => byte === 0x5a));
      assert.ok(all.subarray(sealed.byteOffset + sealed.length).every((byte) => byte === 0x5a));
    }
    assert.equal(b.stats().dropped.size, 0);
  });

  test(`${name}: a packet that goes again as it was is protected as it was, and only if it went lately`, () => {
    const { a, b } = sessionPair(profile);
    const first = toHex(a.protectRtp(rtp({ sequence: 65_535 })));
    a.protectRtp(rtp({ sequence: 0 }));
    const again = a.repeatRtp(rtp({ sequence: 65_535 }));
    assert.equal(toHex(again), first);
    assert.ok(b.unprotectRtp(onWire(again)));
    for (const packet of [rtp({ sequence: 1 }), rtp({ sequence: 65_534 }), rtp({ ssrc: 99, sequence: 0 })]) assert.throws(() => a.repeatRtp(packet), code('ERR_INVALID_STATE'));
    assert.throws(() => a.protectRtp(rtp({ sequence: 65_535 })), code('ERR_INVALID_STATE'), 'by mistake it never goes twice');
    a.protectRtp(rtp({ sequence: 1100 }));
    assert.throws(() => a.repeatRtp(rtp({ sequence: 0 })), code('ERR_INVALID_STATE'));
  });

  test(`${name}: the direction back has keys of its own`, () => {
    const { a, b } = sessionPair(profile);
    const there = a.protectRtp(rtp({}));
    assert.ok(b.unprotectRtp(onWire(b.protectRtp(rtp({})))) === undefined, 'our own packet sent back to us');
    assert.ok(a.unprotectRtp(onWire(there)) === undefined);
    assert.ok(a.unprotectRtp(onWire(b.protectRtp(rtp({ sequence: 2 })))));
  });

  test(`${name}: SRTP and SRTCP have keys of their own`, () => {
    const { a, b } = sessionPair(profile);
    assert.equal(b.unprotectRtcp(onWire(a.protectRtp(rtp({ payload: new Uint8Array(40).fill(0xff) })))), undefined);
    assert.equal(b.unprotectRtp(onWire(a.protectRtcp(rtcp()))), undefined);
  });

  for (const cryptex of [false, true]) {
    test(`${name}${cryptex ? ' with Cryptex (RFC 9335)' : ''}: CSRCs and header extensions of any form come out as they went in`, () => {
      const { a, b } = sessionPair(profile, { cryptex });
      let sequence = 0;
      for (const csrcs of [[], [1], [1, 2, 3], Array.from({ length: 15 }, (_, i) => i)]) {
        for (const extension of [undefined, [0xbede, []], [0xbede, [0x10, 7]], [0x1000, [1, 2, 3, 4, 5]], [0x1001, [1, 0]], [0x4321, [9, 9, 9, 9]]] as const) {
          const packet = rtp({ sequence: sequence++, csrcs, ...(extension === undefined ? {} : { extension: [extension[0], extension[1]] }) });
          const plain = toHex(packet);
          const sealed = a.protectRtp(packet);
          const opened = b.unprotectRtp(onWire(sealed));
          assert.ok(opened);
          const grew = cryptex && extension === undefined && csrcs.length > 0;
          if (!grew) assert.equal(toHex(opened), plain);
          else {
            // RFC 9335 5.1: an empty extension tells that the CSRCs are encrypted.
            const at = 24 + 8 * csrcs.length;
            assert.equal(toHex(opened), `${(0x90 | csrcs.length).toString(16)}${plain.slice(2, at)}bede0000${plain.slice(at)}`);
          }
          const hidden = cryptex && (extension === undefined || extension[0] === 0xbede || extension[0] === 0x1000);
          if (csrcs.length > 0) assert.equal(toHex(sealed.subarray(12, 12 + 4 * csrcs.length)) !== plain.slice(24, 24 + 8 * csrcs.length), hidden);
        }
      }
      assert.equal(b.stats().dropped.size, 0);
    });
  }
}

test('Cryptex: the marks of RFC 9335 5.1 are on the wire, and packets without them are still accepted', () => {
  const { a, b } = sessionPair(SrtpProfile.aeadAes128Gcm, { cryptex: true });
  const plainSide = sessionPair(SrtpProfile.aeadAes128Gcm).a;
  const one = a.protectRtp(rtp({ sequence: 1, extension: [0xbede, [0x10, 7]] }));
  assert.equal(toHex(one.subarray(12, 14)), 'c0de');
  assert.notEqual(toHex(one.subarray(16, 18)), '1007');
  const two = a.protectRtp(rtp({ sequence: 2, extension: [0x1000, [1, 1, 7]] }));
  assert.equal(toHex(two.subarray(12, 14)), 'c2de');
  for (const packet of [one, two, plainSide.protectRtp(rtp({ sequence: 3, extension: [0xbede, [0x10, 7]] }))]) assert.ok(b.unprotectRtp(onWire(packet)));
});

for (const [name, profile] of PROFILES) {
  test(`${name}: a header encrypted with Cryptex that was not agreed on is dropped`, () => {
    const { a } = sessionPair(profile, { cryptex: true });
    const { b } = sessionPair(profile);
    assert.equal(b.unprotectRtp(onWire(a.protectRtp(rtp({ extension: [0xbede, [0x10, 7]] })))), undefined);
    assert.equal(dropped(b, 'srtp.cryptex'), 1);
  });

  test(`${name}: only the chosen header extension elements are encrypted (RFC 6904 3)`, () => {
    const { a, b } = sessionPair(profile, { encryptedExtensionIds: [2, 200] });
    const content = [0x11, 1, 2, 0x22, 3, 4, 5, 0, 0x30, 6, 0, 0];
    const oneByte = rtp({ sequence: 1, extension: [0xbede, content] });
    const plain = toHex(oneByte);
    const sealed = a.protectRtp(oneByte);
    assert.deepEqual([...sealed.subarray(16, 20)], [0x11, 1, 2, 0x22]);
    assert.notDeepEqual([...sealed.subarray(20, 23)], [3, 4, 5]);
    assert.deepEqual([...sealed.subarray(23, 28)], [0, 0x30, 6, 0, 0]);
    assert.equal(toHex(b.unprotectRtp(onWire(sealed)) as Uint8Array), plain);
    const twoByte = rtp({ sequence: 2, csrcs: [5, 6], extension: [0x1003, [1, 2, 8, 8, 0, 200, 4, 9, 9, 9, 9, 2, 0]] });
    const plain2 = toHex(twoByte);
    const sealed2 = a.protectRtp(twoByte);
    assert.deepEqual([...sealed2.subarray(24, 31)], [1, 2, 8, 8, 0, 200, 4]);
    assert.notDeepEqual([...sealed2.subarray(31, 35)], [9, 9, 9, 9]);
    assert.equal(toHex(b.unprotectRtp(onWire(sealed2)) as Uint8Array), plain2);
  });
}

test('encrypted header extensions whose lengths lie stay within the extension', () => {
  const { a, b } = sessionPair(SrtpProfile.aeadAes128Gcm, { encryptedExtensionIds: [1, 15] });
  let sequence = 0;
  for (const [profile, content] of [
    [0xbede, [0x1f, 1, 2, 3]],
    [0xbede, [0, 0, 0, 0x10]],
    [0xbede, [0x05, 0x10, 1, 2]],
    [0xbede, [0xf0, 1, 0x10, 2]],
    [0x1000, [1, 255, 3, 4]],
    [0x1000, [0, 0, 0, 1]],
    [0x1000, []],
  ] as const) {
    const packet = rtp({ sequence: sequence++, extension: [profile, content] });
    const plain = toHex(packet);
    assert.equal(toHex(b.unprotectRtp(onWire(a.protectRtp(packet))) as Uint8Array), plain);
  }
});

test('the configuration is checked', () => {
  const { keyBytes, saltBytes } = profileParameters(SrtpProfile.aeadAes128Gcm);
  const make = (change: Partial<SrtpConfig>): SrtpSession =>
    new SrtpSession(
      {
        profile: SrtpProfile.aeadAes128Gcm, localKey: new Uint8Array(keyBytes), localSalt: new Uint8Array(saltBytes),
        remoteKey: new Uint8Array(keyBytes), remoteSalt: new Uint8Array(saltBytes), ...change,
      },
      environment,
    );
  const bad: Partial<SrtpConfig>[] = [
    { localKey: new Uint8Array(15) }, { remoteKey: new Uint8Array(32) }, { localSalt: new Uint8Array(14) }, { remoteSalt: new Uint8Array(0) },
    { rtpReplayWindow: 32 }, { rtpReplayWindow: 100 }, { rtpReplayWindow: 32_768 }, { rtcpReplayWindow: 63 }, { maxUndeclaredStreams: 0 },
    { maxSendStreams: 0 }, { maxRtcpPackets: 2 ** 31 }, { encryptedExtensionIds: [0] }, { encryptedExtensionIds: [256] },
    { cryptex: true, encryptedExtensionIds: [1] },
  ];
  for (const change of bad) assert.throws(() => make(change), code('ERR_INVALID_ARGUMENT'), JSON.stringify(change));
  assert.throws(() => make({ profile: 0x0005 }), code('ERR_NOT_SUPPORTED'));
  for (const change of [{}, { rtpReplayWindow: 64, rtcpReplayWindow: 64 }, { rtpReplayWindow: 16_384 }, { maxRtcpPackets: 2 ** 31 - 1 }]) assert.ok(make(change));
});

test('the profiles to offer are those that the provider has ciphers for, the best first and never one with a short tag', () => {
  assert.deepEqual(supportedSrtpProfiles(nodeCrypto), [SrtpProfile.aeadAes128Gcm, SrtpProfile.aeadAes256Gcm, SrtpProfile.aes128CmSha1_80]);
  assert.deepEqual(supportedSrtpProfiles({ ...nodeCrypto, aeads: ['aes-256-gcm'] }), [SrtpProfile.aeadAes256Gcm, SrtpProfile.aes128CmSha1_80]);
  assert.deepEqual(supportedSrtpProfiles(pureCrypto), []);
});

test('keys that DTLS exports make two ends that understand each other (RFC 5764 4.2)', () => {
  for (const profile of supportedSrtpProfiles(nodeCrypto)) {
    const exporter = (_label: string, length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i * 5);
    const [client, server] = (['client', 'server'] as const).map((role) => {
      const { local, remote } = splitSrtpKeys(profile, role, exporter);
      return new SrtpSession({ profile, localKey: local.key, localSalt: local.salt, remoteKey: remote.key, remoteSalt: remote.salt }, environment);
    }) as [SrtpSession, SrtpSession];
    assert.ok(server.unprotectRtp(onWire(client.protectRtp(rtp({})))));
    assert.ok(client.unprotectRtcp(onWire(server.protectRtcp(rtcp()))));
  }
});

test('a provider without AES cannot carry SRTP, and says so', () => {
  const bytes = (length: number): Uint8Array => new Uint8Array(length);
  const config = { profile: SrtpProfile.aeadAes128Gcm, localKey: bytes(16), localSalt: bytes(12), remoteKey: bytes(16), remoteSalt: bytes(12) };
  assert.throws(() => new SrtpSession(config, { crypto: pureCrypto }), code('ERR_NOT_SUPPORTED'));
});

test('what is no packet or has no room behind it is an error of the caller and uses up no index', () => {
  const { a, b } = sessionPair();
  const good = rtp({});
  for (const bytes of [new Uint8Array(0), good.slice(0, 11), new Uint8Array(40), Uint8Array.from(good, (byte, i) => (i === 0 ? 0x8f : byte)).subarray(0, 20)]) {
    assert.throws(() => a.protectRtp(roomy(bytes)), code('ERR_INVALID_ARGUMENT'));
  }
  assert.throws(() => a.protectRtp(roomy(good, SrtpSession.TAILROOM - 1)), code('ERR_INVALID_ARGUMENT'));
  assert.throws(() => a.protectRtcp(roomy(rtcp(), SrtpSession.TAILROOM - 1)), code('ERR_INVALID_ARGUMENT'));
  assert.throws(() => a.protectRtcp(roomy(new Uint8Array(7).fill(0x80))), code('ERR_INVALID_ARGUMENT'));
  assert.ok(b.unprotectRtp(onWire(a.protectRtp(rtp({})))));
  assert.equal(a.stats().rtpPacketsSent, 1);
});

test('after close nothing is protected or accepted, and the keys are overwritten', () => {
  const held: Uint8Array[] = [];
  const crypto: CryptoProvider = {
    ...nodeCrypto,
    createAead(name, key): Aead {
      const copy = key.slice();
      held.push(copy);
      const aead = nodeCrypto.createAead(name, copy);
      return { seal: (...args) => aead.seal(...args), open: (...args) => aead.open(...args), destroy: () => void copy.fill(0) };
    },
  };
  const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(length);
  const config = { profile: SrtpProfile.aeadAes256Gcm, localKey: bytes(32), localSalt: bytes(12), remoteKey: bytes(32), remoteSalt: bytes(12) };
  const session = new SrtpSession(config, { crypto });
  const sealed = onWire(session.protectRtp(rtp({})));
  const report = onWire(session.protectRtcp(rtcp()));
  assert.equal(held.length, 4);
  assert.ok(held.every((key) => key.some((byte) => byte !== 0)));
  session.close();
  session.close();
  assert.ok(held.every((key) => key.every((byte) => byte === 0)));
  assert.throws(() => session.protectRtp(rtp({ sequence: 2 })), code('ERR_CLOSED'));
  assert.throws(() => session.protectRtcp(rtcp()), code('ERR_CLOSED'));
  assert.equal(session.unprotectRtp(sealed), undefined);
  assert.equal(session.unprotectRtcp(report), undefined);
  assert.deepEqual([dropped(session, 'srtp.closed'), dropped(session, 'srtcp.closed')], [1, 1]);
});

/** Counts the calls of a provider's ciphers. */
function counting(): { readonly crypto: CryptoProvider; calls: number } {
  const counter = {
    calls: 0,
    crypto: {
      ...nodeCrypto,
      createAead(name, key): Aead {
        const aead = nodeCrypto.createAead(name, key);
        return {
          seal(...args): void {
            counter.calls++;
            aead.seal(...args);
          },
          open(...args): boolean {
            counter.calls++;
            return aead.open(...args);
          },
        };
      },
      createCtr(key) {
        const ctr = nodeCrypto.createCtr(key);
        return {
          xor(...args): void {
            counter.calls++;
            ctr.xor(...args);
          },
        };
      },
    } as CryptoProvider,
  };
  return counter;
}

test('AES-GCM costs one call of the provider per packet each way, Cryptex or not', () => {
  for (const options of [{}, { cryptex: true }] as const satisfies readonly Options[]) {
    const counter = counting();
    const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(length);
    const config = { profile: SrtpProfile.aeadAes128Gcm, localKey: bytes(16), localSalt: bytes(12), remoteKey: bytes(16), remoteSalt: bytes(12), ...options };
    const session = new SrtpSession(config, counter);
    counter.calls = 0;
    for (let sequence = 0; sequence < 10; sequence++) {
      const sealed = session.protectRtp(rtp({ sequence, csrcs: [1], extension: [0xbede, [0x10, 1]] }));
      assert.ok(session.unprotectRtp(onWire(sealed)));
      assert.ok(session.unprotectRtcp(onWire(session.protectRtcp(rtcp()))));
    }
    assert.equal(counter.calls, 40);
  }
});
