// What SRTP costs per packet each way, next to the bare calls of node:crypto that it cannot do without.
//
//   node --import tsx bench/micro/srtp.ts [packet bytes] [packets]
//   node --import tsx --cpu-prof bench/micro/srtp.ts
import { createCipheriv, createDecipheriv, createHmac, createSecretKey } from 'node:crypto';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { profileParameters, SrtpProfile, SrtpSession } from '../../src/srtp/index.ts';

const packetBytes = Number(process.argv[2] ?? 1200);
const count = Number(process.argv[3] ?? 40_000);
const BATCH = 1_000;

/** Nothing but the calls, always with the same packet. */
interface Bare {
  seal(): void;
  open(): void;
}

function bareGcm(name: 'aes-128-gcm' | 'aes-256-gcm'): Bare {
  const key = new Uint8Array(name === 'aes-128-gcm' ? 16 : 32).fill(1);
  const nonce = new Uint8Array(12);
  const header = new Uint8Array(12);
  const text = new Uint8Array(packetBytes - 12);
  const seal = (): readonly [text: Uint8Array, tag: Uint8Array] => {
    const cipher = createCipheriv(name, key, nonce);
    cipher.setAAD(header);
    const out = cipher.update(text);
    cipher.final();
    return [out, cipher.getAuthTag()];
  };
  const [sealed, tag] = seal();
  return {
    seal,
    open(): void {
      const decipher = createDecipheriv(name, key, nonce);
      decipher.setAuthTag(tag);
      decipher.setAAD(header);
      decipher.update(sealed);
      decipher.final();
    },
  };
}

function bareCounterMode(): Bare {
  const key = new Uint8Array(16).fill(1);
  const hmacKey = createSecretKey(new Uint8Array(20).fill(2));
  const counter = new Uint8Array(16);
  const packet = new Uint8Array(packetBytes);
  const both = (): void => {
    createCipheriv('aes-128-ctr', key, counter).update(packet.subarray(12));
    createHmac('sha1', hmacKey).update(packet).digest();
  };
  return { seal: both, open: both };
}

function packet(sequence: number): Uint8Array {
  const bytes = new Uint8Array(packetBytes + SrtpSession.TAILROOM);
  bytes[0] = 0x80;
  bytes[2] = sequence >> 8;
  bytes[3] = sequence;
  bytes[11] = 1;
  return bytes.subarray(0, packetBytes);
}

function session(profile: number): SrtpSession {
  const { keyBytes, saltBytes } = profileParameters(profile);
  const [key, salt] = [new Uint8Array(keyBytes).fill(1), new Uint8Array(saltBytes).fill(2)];
  return new SrtpSession({ profile, localKey: key, localSalt: salt, remoteKey: key, remoteSalt: salt }, { crypto: nodeCrypto });
}

/** µs of one of the `BATCH` runs of something. */
function timed(run: (i: number) => void): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < BATCH; i++) run(i);
  return Number(process.hrtime.bigint() - start) / 1000 / BATCH;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

/** Bare calls and whole packets in turns, so that what else runs on the machine meets all alike; medians in µs. */
function measure(profile: number, bare: Bare): readonly number[] {
  const srtp = session(profile);
  const columns: readonly number[][] = [[], [], [], [], []];
  let sequence = 0;
  for (let done = -4 * BATCH; done < count; done += BATCH) {
    const batch = Array.from({ length: BATCH }, () => packet(sequence++ & 0xffff));
    const row = [
      timed(bare.seal),
      timed((i) => {
        batch[i] = srtp.protectRtp(batch[i] as Uint8Array);
      }),
      timed(bare.open),
      timed((i) => {
        if (srtp.unprotectRtp(batch[i] as Uint8Array) === undefined) throw new Error('a packet did not open');
      }),
      timed((i) => {
        if (srtp.unprotectRtp(batch[i] as Uint8Array) !== undefined) throw new Error('a packet opened twice');
      }),
    ];
    if (done >= 0) for (const [i, column] of columns.entries()) column.push(row[i] as number); // the first batches warm up
  }
  return columns.map(median);
}

console.log(`packets of ${packetBytes} bytes, ${count} of each; µs per packet, and the ratio to the bare calls`);
console.log('profile                  bare  protect       bare unprotect      replay');
for (const [name, profile, bare] of [
  ['AEAD_AES_128_GCM', SrtpProfile.aeadAes128Gcm, bareGcm('aes-128-gcm')],
  ['AEAD_AES_256_GCM', SrtpProfile.aeadAes256Gcm, bareGcm('aes-256-gcm')],
  ['AES128_CM_HMAC_SHA1_80', SrtpProfile.aes128CmSha1_80, bareCounterMode()],
  ['AES128_CM_HMAC_SHA1_32', SrtpProfile.aes128CmSha1_32, bareCounterMode()],
] as const) {
  const [bareSeal = 0, seal = 0, bareOpen = 0, open = 0, replay = 0] = measure(profile, bare);
  const cell = (value: number, width: number): string => value.toFixed(2).padStart(width);
  const ratio = (ours: number, theirs: number): string => `×${(ours / theirs).toFixed(2)}`;
  console.log(`${name.padEnd(22)} ${cell(bareSeal, 6)} ${cell(seal, 8)} ${ratio(seal, bareSeal)} ${cell(bareOpen, 6)} ${cell(open, 8)} ${ratio(open, bareOpen)} ${cell(replay, 6)}`);
}
