import { nodeCrypto } from '../../src/crypto/node.ts';
import { longTermKey, shortTermKey, StunAttribute, StunBuilder, StunClass, StunMethod, type IntegrityKey } from '../../src/stun/index.ts';
import { hex, loadVectors } from './vectors.ts';

export const PASSWORD = 'VOkJxbRl1RmTxUk/WvJxBt';
export const KEY: IntegrityKey = shortTermKey(PASSWORD, nodeCrypto);
export const ID: Uint8Array = Uint8Array.from({ length: 12 }, (_, i) => i + 1);

interface Credential {
  readonly type: 'short-term' | 'long-term';
  readonly algorithm?: 'md5' | 'sha256';
  readonly username: string;
  readonly realm: string;
  readonly password: string;
}

export function keyOf(c: Credential): IntegrityKey {
  if (c.type === 'short-term') return shortTermKey(c.password, nodeCrypto);
  return longTermKey(c.username, c.realm, c.password, nodeCrypto, c.algorithm === 'sha256' ? 'sha-256' : 'md5');
}

/** A connectivity check, as ICE sends it. */
export function checkRequest(): Uint8Array {
  return new StunBuilder(StunClass.request, StunMethod.binding, ID)
    .text(StunAttribute.username, 'them:us')
    .u32(StunAttribute.priority, 0x6e0001ff)
    .u64(StunAttribute.iceControlling, 0x0123456789abcdefn)
    .flag(StunAttribute.useCandidate)
    .integrity(KEY)
    .fingerprint()
    .finish();
}

/** One packet of every kind that the room knows. */
export function samplePackets(): Uint8Array[] {
  const vectors = loadVectors('stun.json').messages.map((m: { messageHex: string }) => hex(m.messageHex));
  const build = (cls: StunClass): StunBuilder => new StunBuilder(cls, StunMethod.binding, ID);
  return [
    ...vectors,
    checkRequest(),
    build(StunClass.success)
      .address(StunAttribute.mappedAddress, { address: '192.0.2.1', port: 1 })
      .xorAddress(StunAttribute.xorMappedAddress, { address: '2001:db8::1', port: 65_535 })
      .integrity(KEY, 'sha-256')
      .fingerprint()
      .finish(),
    build(StunClass.error).error(420, 'Unknown').unknownAttributes([1, 2, 3]).finish(),
    build(StunClass.error)
      .error(401, 'Who?')
      .text(StunAttribute.realm, 'example.org')
      .text(StunAttribute.nonce, 'abc')
      .value(StunAttribute.passwordAlgorithms, Uint8Array.of(0, 2, 0, 0, 0, 1, 0, 0))
      .finish(),
    build(StunClass.error).error(300).address(StunAttribute.alternateServer, { address: '192.0.2.9', port: 3478 }).finish(),
  ];
}
