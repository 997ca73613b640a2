import { concat, type CryptoProvider, encodeUtf8, Writer } from '../../core/index.ts';
import { MASTER_SECRET_BYTES, VERIFY_DATA_BYTES } from '../constants.ts';
import { implicitNonceBytes, RecordProtection } from '../record/protection.ts';
import { prf } from './prf.ts';
import type { CipherSuite } from './suites.ts';

/** Who said hello first, and who answered. */
export type Role = 'client' | 'server';

const EXTENDED_MASTER_SECRET: Uint8Array = encodeUtf8('extended master secret');
const KEY_EXPANSION: Uint8Array = encodeUtf8('key expansion');
const FINISHED: Readonly<Record<Role, Uint8Array>> = { client: encodeUtf8('client finished'), server: encodeUtf8('server finished') };

/** The master secret with the handshake bound into it (RFC 7627 4). */
export function extendedMasterSecret(crypto: CryptoProvider, suite: CipherSuite, premaster: Uint8Array, sessionHash: Uint8Array): Uint8Array {
  return prf(crypto, suite.hash, premaster, EXTENDED_MASTER_SECRET, sessionHash, MASTER_SECRET_BYTES);
}

/** What belongs to the two directions of a connection. */
export interface TrafficKeys {
  readonly client: RecordProtection;
  readonly server: RecordProtection;
}

/** Key expansion (RFC 5246 6.3); authenticated ciphers have no MAC keys. */
export function trafficKeys(crypto: CryptoProvider, suite: CipherSuite, master: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array): TrafficKeys {
  const keyBytes = suite.keyBytes;
  const nonceBytes = implicitNonceBytes(suite.aead);
  const block = prf(crypto, suite.hash, master, KEY_EXPANSION, concat(serverRandom, clientRandom), 2 * (keyBytes + nonceBytes));
  const nonces = 2 * keyBytes;
  const keys: TrafficKeys = {
    client: new RecordProtection(crypto, suite.aead, block.subarray(0, keyBytes), block.subarray(nonces, nonces + nonceBytes)),
    server: new RecordProtection(crypto, suite.aead, block.subarray(keyBytes, nonces), block.subarray(nonces + nonceBytes)),
  };
  block.fill(0);
  return keys;
}

/** verify_data of a side's Finished (RFC 5246 7.4.9). */
export function verifyData(crypto: CryptoProvider, suite: CipherSuite, master: Uint8Array, role: Role, handshakeHash: Uint8Array): Uint8Array {
  return prf(crypto, suite.hash, master, FINISHED[role], handshakeHash, VERIFY_DATA_BYTES);
}

/** Exported keying material (RFC 5705 4). An empty context is not the same as none. */
export function exportKeyingMaterial(
  crypto: CryptoProvider,
  suite: CipherSuite,
  master: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  label: string,
  length: number,
  context?: Uint8Array,
): Uint8Array {
  const seed = new Writer().append(clientRandom).append(serverRandom);
  if (context !== undefined) seed.vector16(context);
  return prf(crypto, suite.hash, master, encodeUtf8(label), seed.finish(), length);
}
