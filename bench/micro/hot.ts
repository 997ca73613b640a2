// The functions that run per packet or per connection, each alone.
//
//   npm run bench -- micro [ms per function]
import { readFileSync } from 'node:fs';
import { Bench } from 'tinybench';
import { decodeUtf8, encodeUtf8, Queue } from '../../src/core/index.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { RecordProtection } from '../../src/dtls/record/protection.ts';
import { ReplayWindow } from '../../src/dtls/record/replay.ts';
import { formatCandidate, parseCandidate } from '../../src/ice/index.ts';
import { crc32c, decodePacket } from '../../src/sctp/index.ts';
import { parseSdp, serializeSdp } from '../../src/sdp/index.ts';
import { profileParameters, SrtpProfile, SrtpSession } from '../../src/srtp/index.ts';
import { decodeStun, encodeStun, isStun, shortTermKey, StunAttribute, StunClass, StunMethod, verifyIntegrity } from '../../src/stun/index.ts';

const timeMs = Number(process.argv[2] ?? 250);
/** Calls per sample: a clock costs as much as the shortest of them. */
const CALLS = 100;
/** Room before and behind a record's content. */
const ROOM = 21;

const bench = new Bench({ time: timeMs, warmupTime: timeMs / 2 });
let sink: unknown;

function hot(name: string, call: (i: number) => unknown): void {
  bench.add(name, () => {
    for (let i = 0; i < CALLS; i++) sink = call(i);
  });
}

const packet = new Uint8Array(1200).fill(0x5a);
const target = new Uint8Array(1200);
hot('copy of 1,200 bytes, to compare', () => target.set(packet));
hot('SCTP: CRC32c of 1,200 bytes', () => crc32c(packet));

const chunks = new Uint8Array(12 + 16 + 1172);
chunks.set([3, 0, 0, 16], 12); // a SACK, then DATA to the end
chunks.set([0, 3, 1172 >> 8, 1172 & 0xff], 28);
hot('SCTP: take apart a packet of two chunks', () => decodePacket(chunks));

for (const [aead, keyBytes, implicitBytes] of [['aes-128-gcm', 16, 4], ['chacha20-poly1305', 32, 12]] as const) {
  const protection = new RecordProtection(nodeCrypto, aead, new Uint8Array(keyBytes).fill(7), new Uint8Array(implicitBytes).fill(1));
  for (const size of [100, 1200, 16_000]) {
    const record = new Uint8Array(ROOM + size + 16);
    let sequence = 0;
    const seal = (): number => protection.seal(23, 1, sequence++, record, ROOM, ROOM + size);
    hot(`DTLS: seal ${size.toLocaleString('en')} bytes, ${aead}`, seal);
    hot(`DTLS: seal and open ${size.toLocaleString('en')} bytes, ${aead}`, () => {
      if (protection.open(record, seal()) !== size) throw new Error('the record did not open');
    });
  }
}
const replay = new ReplayWindow();
let sequence = 0;
hot('DTLS: the replay window', () => {
  const isNew = replay.isNew(++sequence);
  replay.accept(sequence);
  return isNew;
});

{
  const { keyBytes, saltBytes } = profileParameters(SrtpProfile.aeadAes128Gcm);
  const [key, salt] = [new Uint8Array(keyBytes).fill(1), new Uint8Array(saltBytes).fill(2)];
  const session = new SrtpSession({ profile: SrtpProfile.aeadAes128Gcm, localKey: key, localSalt: salt, remoteKey: key, remoteSalt: salt }, { crypto: nodeCrypto });
  const rtp = new Uint8Array(1200 + SrtpSession.TAILROOM);
  let number = 0;
  hot('SRTP: protect and unprotect 1,200 bytes, AES-128-GCM', () => {
    rtp.fill(0, 0, 12);
    rtp[0] = 0x80;
    rtp[2] = ++number >> 8;
    rtp[3] = number;
    if (session.unprotectRtp(session.protectRtp(rtp.subarray(0, 1200))) === undefined) throw new Error('the packet did not open');
  });
}

{
  const key = shortTermKey('a password of the length that ICE has', nodeCrypto);
  const request = encodeStun(
    { class: StunClass.request, method: StunMethod.binding, transactionId: new Uint8Array(12).fill(3), attributes: [[StunAttribute.username, encodeUtf8('abcd:efgh')]] },
    { integrity: key, fingerprint: true },
  );
  hot('STUN: tell from other datagrams', () => isStun(packet) || isStun(request));
  hot('STUN: take apart and verify a check', () => {
    if (!verifyIntegrity(decodeStun(request), key)) throw new Error('the check did not verify');
  });
}

const candidate = 'candidate:1 1 UDP 2122317823 192.0.2.1 54321 typ srflx raddr 10.0.0.1 rport 9 ufrag abcd';
hot('ICE: parse and format a candidate', () => formatCandidate(parseCandidate(candidate)));
const offer = readFileSync(new URL('../../test/vectors/sdp/chromium-offer.sdp', import.meta.url), 'utf8');
hot('SDP: parse an offer of a browser', () => parseSdp(offer));
const description = parseSdp(offer);
hot('SDP: serialize it', () => serializeSdp(description));

const text = encodeUtf8('A message of sixty-four characters, as a chat would send it now.');
hot('core: 64 characters from UTF-8', () => decodeUtf8(text));
const queue = new Queue<number>();
hot('core: a queue, in and out', (i) => {
  queue.push(i);
  return queue.shift();
});

await bench.run();
const width = Math.max(...bench.tasks.map((task) => task.name.length));
console.log(`| ${''.padEnd(width)} | µs, median | ± % |\n|${'-'.repeat(width + 2)}|--:|--:|`);
for (const { name, result } of bench.tasks) {
  if (!('latency' in result)) throw new Error(`${name}: ${result.state}`, 'error' in result ? { cause: result.error } : undefined);
  console.log(`| ${name.padEnd(width)} | ${((result.latency.p50 * 1000) / CALLS).toFixed(3)} | ${result.latency.rme.toFixed(1)} |`);
}
if (sink === bench) console.log(); // the results of the calls are used, or they would not be made
