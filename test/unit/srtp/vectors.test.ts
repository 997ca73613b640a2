import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, toHex } from '../../../src/core/index.ts';
import { createPureCrypto } from '../../../src/crypto/pure.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import { gcmRtcpNonce, gcmRtpNonce } from '../../../src/srtp/gcm.ts';
import { KeyDerivation } from '../../../src/srtp/key-derivation.ts';
import { SrtpSession } from '../../../src/srtp/index.ts';
import { createTransform } from '../../../src/srtp/transform.ts';
import { parametersOf, PROFILES, roomy } from '../../support/srtp.ts';
import { hex, loadVectors } from '../../support/vectors.ts';

interface PacketVector {
  readonly source: string;
  readonly profile: string;
  readonly kind: 'rtp' | 'rtcp';
  readonly srtcpIndex?: number;
  readonly cryptex?: boolean;
  readonly encryptedExtensionIds?: readonly number[];
  readonly masterKeyHex: string;
  readonly masterSaltHex: string;
  readonly plainHex: string;
  readonly protectedHex: string;
}

interface SessionVector {
  readonly source: string;
  readonly kind: 'rtp' | 'rtcp';
  readonly srtcpIndex?: number;
  readonly sessionKeyHex: string;
  readonly sessionSaltHex: string;
  readonly plainHex: string;
  readonly protectedHex: string;
  readonly authOnlyTagHex: string;
}

interface Vectors {
  readonly keystream: readonly { readonly source: string; readonly sessionKeyHex: string; readonly ivHex: string; readonly keystreamHex: string }[];
  readonly kdf: readonly {
    readonly source: string;
    readonly masterKeyHex: string;
    readonly masterSaltHex: string;
    readonly derived: readonly { readonly label: number; readonly name: string; readonly hex: string }[];
  }[];
  readonly gcmSession: readonly SessionVector[];
  readonly packets: readonly PacketVector[];
}

const vectors = loadVectors<Vectors>('srtp.json');
const providers = [nodeCrypto, createPureCrypto({ tableAes: true })];

for (const crypto of providers) {
  for (const v of vectors.keystream) {
    test(`${crypto.name}: key stream of ${v.source}`, () => {
      const buffer = new Uint8Array(v.keystreamHex.length / 2);
      crypto.createCtr(hex(v.sessionKeyHex)).xor(hex(v.ivHex), buffer, 0, buffer.length);
      assert.equal(toHex(buffer), v.keystreamHex);
    });
  }

  for (const v of vectors.kdf) {
    test(`${crypto.name}: session keys of ${v.source}`, () => {
      const keys = new KeyDerivation(crypto, hex(v.masterKeyHex), hex(v.masterSaltHex));
      // Twice, so that one derivation is seen to leave nothing behind for the next.
      for (const one of [...v.derived, ...v.derived]) assert.equal(toHex(keys.derive(one.label, one.hex.length / 2)), one.hex, one.name);
    });
  }

  for (const v of vectors.gcmSession) {
    test(`${crypto.name}: ${v.source}: nonce, additional data and tag by the session key`, () => {
      const aead = crypto.createAead(v.sessionKeyHex.length === 64 ? 'aes-256-gcm' : 'aes-128-gcm', hex(v.sessionKeyHex));
      const plain = hex(v.plainHex);
      const view = new DataView(plain.buffer);
      const nonce = new Uint8Array(12);
      const word = new Uint8Array(4);
      const wordView = new DataView(word.buffer);
      const at = v.kind === 'rtp' ? 12 : 8;
      let aad = plain.subarray(0, at);
      let behind = new Uint8Array(0);
      if (v.kind === 'rtp') gcmRtpNonce(nonce, hex(v.sessionSaltHex), view.getUint32(8), view.getUint16(2));
      else {
        gcmRtcpNonce(nonce, hex(v.sessionSaltHex), view.getUint32(4), v.srtcpIndex ?? 0);
        wordView.setUint32(0, 0x8000_0000 + (v.srtcpIndex ?? 0));
        aad = concat(aad, word);
        behind = word;
      }
      const buffer = concat(plain, new Uint8Array(16));
      aead.seal(nonce, aad, buffer, at, plain.length);
      assert.equal(toHex(concat(buffer, behind)), v.protectedHex);
      wordView.setUint32(0, v.srtcpIndex ?? 0); // the E bit is clear when nothing is encrypted
      const tag = new Uint8Array(16);
      aead.seal(nonce, v.kind === 'rtp' ? plain : concat(plain, word), tag, 0, 0);
      assert.equal(toHex(tag), v.authOnlyTagHex);
    });
  }

  for (const v of vectors.packets) {
    const profile = PROFILES.find(([name]) => name === v.profile)?.[1];
    const what = `${crypto.name}: ${v.profile} ${v.kind}: ${v.source}`;
    if (profile === undefined) {
      test(`${what}, by the transform alone`, () => {
        const transform = createTransform(crypto, parametersOf(v.profile), hex(v.masterKeyHex), hex(v.masterSaltHex));
        const plain = hex(v.plainHex);
        const view = new DataView(plain.buffer);
        const [ssrc, sequence] = [view.getUint32(8), view.getUint16(2)];
        const buffer = concat(plain, new Uint8Array(transform.rtpOverheadBytes));
        transform.sealRtp(ssrc, sequence, buffer, 0, 12, plain.length);
        assert.equal(toHex(buffer), v.protectedHex);
        assert.equal(transform.openRtp(ssrc, sequence, buffer, 0, 12, plain.length), true);
        assert.equal(toHex(buffer.subarray(0, plain.length)), v.plainHex);
      });
      continue;
    }
    test(`${what}, both ways`, () => {
      const [key, salt] = [hex(v.masterKeyHex), hex(v.masterSaltHex)];
      const options = { cryptex: v.cryptex ?? false, encryptedExtensionIds: v.encryptedExtensionIds ?? [] };
      const session = new SrtpSession({ profile, localKey: key, localSalt: salt, remoteKey: key, remoteSalt: salt, ...options }, { crypto });
      const packet = roomy(hex(v.plainHex));
      let sealed: Uint8Array;
      let opened: Uint8Array | undefined;
      if (v.kind === 'rtp') {
        sealed = session.protectRtp(packet);
        assert.equal(toHex(sealed), v.protectedHex);
        opened = session.unprotectRtp(sealed);
      } else {
        for (let index = 0; index < (v.srtcpIndex ?? 0); index++) session.protectRtcp(roomy(hex(v.plainHex)));
        sealed = session.protectRtcp(packet);
        assert.equal(toHex(sealed), v.protectedHex);
        opened = session.unprotectRtcp(sealed);
      }
      assert.ok(opened);
      assert.equal(toHex(opened), v.plainHex);
      assert.equal(opened.buffer, packet.buffer, 'in place');
    });
  }
}
