// What one record costs to seal and to open in place, with every way there is on this runtime; and what a handshake costs.
//
//   node --import tsx bench/micro/crypto.ts [seconds]
//
// The ways take turns many times in one run, and medians of CPU time are compared: other work on the machine then touches all alike.
import { createCipheriv, createDecipheriv, createSecretKey, randomFillSync } from 'node:crypto';
import type { Aead, AeadName } from '../../src/core/index.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { createPureCrypto } from '../../src/crypto/pure.ts';
import { createWasmChaCha20Poly1305 } from '../../src/crypto/wasm-chacha.ts';
import { hasWasmSimd } from '../../src/crypto/web-assembly.ts';

const SIZES = [100, 1200, 9000, 16_000] as const;
const ROUNDS = 31;
const secondsPerSize = Number(process.argv[2] ?? 3);
const HEADROOM = 21;

const key = new Uint8Array(32).fill(7);
const aad = new Uint8Array(13).fill(1);
const nonce = new Uint8Array(12);

function nextNonce(): void {
  for (let i = 11; i >= 4; i--) {
    const next = ((nonce[i] as number) + 1) & 0xff;
    nonce[i] = next;
    if (next !== 0) return;
  }
}

type GcmName = 'aes-128-gcm';

/** A fresh native cipher per record, as `nodeCrypto` has it, with one thing done differently each. Without the copies back, nothing opens. */
function native(name: string, variant: 'bytes' | 'key object' | 'options' | 'no copy back'): Aead {
  const bytes = key.slice(0, name === 'aes-128-gcm' ? 16 : 32);
  const secret = variant === 'key object' ? createSecretKey(bytes) : bytes;
  const options = variant === 'options' ? { authTagLength: 16 } : undefined;
  return {
    seal(iv, data, buffer, start, end) {
      const cipher = createCipheriv(name as GcmName, secret, iv, options);
      cipher.setAAD(data);
      const out = cipher.update(buffer.subarray(start, end));
      cipher.final();
      const tag = cipher.getAuthTag();
      if (variant === 'no copy back') return;
      buffer.set(out, start);
      buffer.set(tag, end);
    },
    open(iv, data, buffer, start, end) {
      const decipher = createDecipheriv(name as GcmName, secret, iv, options);
      decipher.setAuthTag(buffer.subarray(end - 16, end));
      decipher.setAAD(data);
      const out = decipher.update(buffer.subarray(start, end - 16));
      if (variant === 'no copy back') return true;
      try {
        decipher.final();
      } catch {
        return false;
      }
      buffer.set(out, start);
      return true;
    },
  };
}

/** Records in a row: the cipher is told their numbers and not their nonces. */
function inSequence(name: AeadName): Aead {
  const aead = nodeCrypto.createAead(name, key.slice(0, 16));
  const [sealing, opening] = [aead.sequence?.(nonce), aead.sequence?.(nonce)];
  if (sealing === undefined || opening === undefined) return aead;
  let [sealed, opened] = [0, 0];
  return {
    seal: (_, data, buffer, start, end) => sealing.seal(sealed++, data, buffer, start, end),
    open(_, data, buffer, start, end) {
      opened = Math.max(opened, sealed - 64); // those of before were not opened
      return opening.open(opened++, data, buffer, start, end);
    },
  };
}

const ways: readonly (readonly [name: string, aead: Aead])[] = [
  ['node aes-128-gcm', native('aes-128-gcm', 'bytes')],
  ['  with a KeyObject', native('aes-128-gcm', 'key object')],
  ['  with an options object', native('aes-128-gcm', 'options')],
  ['  without the copies back', native('aes-128-gcm', 'no copy back')],
  ['node aes-256-gcm', native('aes-256-gcm', 'bytes')],
  ['node chacha20-poly1305', native('chacha20-poly1305', 'bytes')],
  ['nodeCrypto aes-128-gcm', nodeCrypto.createAead('aes-128-gcm', key.slice(0, 16))],
  ['  in sequence', inSequence('aes-128-gcm')],
  ...(hasWasmSimd ? [['wasm chacha20-poly1305', createWasmChaCha20Poly1305(key) as Aead] as const] : []),
  ['nodeCrypto chacha20-poly1305', nodeCrypto.createAead('chacha20-poly1305', key)],
  ['noble chacha20-poly1305', createPureCrypto({ webAssembly: false }).createAead('chacha20-poly1305', key)],
];

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] as number;
}

/** Microseconds of the CPU, so that what else runs on the machine counts less than with a clock. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Microseconds per call. */
function time(calls: number, call: (i: number) => void): number {
  const began = cpu();
  for (let i = 0; i < calls; i++) call(i);
  return (cpu() - began) / calls;
}

/** Records in buffers of their own, as packets are. */
function records(size: number): Uint8Array[] {
  return Array.from({ length: 64 }, () => randomFillSync(new Uint8Array(HEADROOM + size + 16)));
}

function measure(size: number): { seal: number; open: number }[] {
  const results = ways.map(() => ({ seal: [] as number[], open: [] as number[] }));
  const slice = (secondsPerSize * 1e6) / (ways.length * (ROUNDS + 2));
  const callsOf = ways.map(([, aead]) => {
    const packets = records(size);
    let calls = 0;
    const began = performance.now();
    for (; performance.now() - began < 30; calls++) aead.seal(nonce, aad, packets[calls & 63] as Uint8Array, HEADROOM, HEADROOM + size);
    return Math.max(64, Math.round((slice / 2 / 30_000) * calls) & -64);
  });
  for (let round = 0; round < ROUNDS; round++) {
    ways.forEach(([, aead], way) => {
      const calls = callsOf[way] as number;
      const packets = records(size);
      const end = HEADROOM + size;
      const seal = time(calls, (i) => {
        nextNonce();
        aead.seal(nonce, aad, packets[i & 63] as Uint8Array, HEADROOM, end);
      });
      // Each packet is opened, and sealed again outside of what is measured.
      let open = 0;
      for (let done = 0; done < calls; done += packets.length) {
        for (const packet of packets) aead.seal(nonce, aad, packet, HEADROOM, end);
        open += time(packets.length, (i) => void aead.open(nonce, aad, packets[i] as Uint8Array, HEADROOM, end + 16));
      }
      results[way]?.seal.push(seal);
      results[way]?.open.push(open / (calls / 64));
    });
  }
  return results.map(({ seal, open }) => ({ seal: median(seal), open: median(open) }));
}

function recordTable(): void {
  const columns = SIZES.map((size) => measure(size));
  console.log(`µs to seal / open one record, and how many times faster than ${ways[0]?.[0]} the two together are\n`);
  console.log(`| | ${SIZES.map((size) => `${size} B`).join(' | ')} |\n|---|${SIZES.map(() => '--:').join('|')}|`);
  ways.forEach(([name], way) => {
    const cells = columns.map((column) => {
      const [own, base] = [column[way], column[0]];
      if (own === undefined || base === undefined) return '';
      return `${own.seal.toFixed(2)} / ${own.open.toFixed(2)} · ${((base.seal + base.open) / (own.seal + own.open)).toFixed(2)}×`;
    });
    console.log(`| ${name.replace(/^ {2}/, '… ')} | ${cells.join(' | ')} |`);
  });
}

function handshakeTable(): void {
  const random = (into: Uint8Array): void => void randomFillSync(into);
  const text = new Uint8Array(300).fill(1);
  const signing = nodeCrypto.generateSigningKey('ecdsa-p256', random);
  const signature = signing.sign('ecdsa_secp256r1_sha256', text);
  const [x, p] = (['x25519', 'secp256r1'] as const).map((group) => [nodeCrypto.generateKeyAgreement(group, random), nodeCrypto.generateKeyAgreement(group, random)] as const);
  const hmac = nodeCrypto.createHmac('sha-256', key);
  const steps: readonly (readonly [name: string, run: () => unknown])[] = [
    ['signing key, P-256', () => nodeCrypto.generateSigningKey('ecdsa-p256', random)],
    ['ephemeral key, X25519', () => nodeCrypto.generateKeyAgreement('x25519', random)],
    ['ephemeral key, P-256', () => nodeCrypto.generateKeyAgreement('secp256r1', random)],
    ['shared secret, X25519', () => x?.[0].deriveSecret(x[1].publicKey)],
    ['shared secret, P-256', () => p?.[0].deriveSecret(p[1].publicKey)],
    ['sign, P-256', () => signing.sign('ecdsa_secp256r1_sha256', text)],
    ['verify, P-256', () => nodeCrypto.verify('ecdsa_secp256r1_sha256', signing.publicKey, text, signature)],
    ['hmac key, sha-256', () => nodeCrypto.createHmac('sha-256', key)],
    ['hmac of 100 bytes', () => hmac.sign(text.subarray(0, 100))],
    ['sha-256 of 300 bytes', () => nodeCrypto.hash('sha-256', text)],
    ['running sha-256, 300 bytes and a digest', () => nodeCrypto.createHash('sha-256').update(text).digest()],
    ['cipher key, aes-128-gcm', () => nodeCrypto.createAead('aes-128-gcm', key.subarray(0, 16))],
    ['cipher key, chacha20-poly1305', () => nodeCrypto.createAead('chacha20-poly1305', key)],
  ];
  const results = steps.map(() => [] as number[]);
  for (let round = 0; round < ROUNDS; round++) steps.forEach(([, run], step) => results[step]?.push(time(100, run)));
  console.log('\n| handshake step of nodeCrypto | µs |\n|---|--:|');
  steps.forEach(([name], step) => console.log(`| ${name} | ${median(results[step] ?? []).toFixed(1)} |`));
}

recordTable();
handshakeTable();
