// SRTP and SRTCP against libsrtp, packet by packet: the same bytes out of both, and each opens what the other protected.
import { pathToFileURL } from 'node:url';
import { concat, equalBytes } from '../../src/core/index.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { profileParameters, SrtpProfile, SrtpSession } from '../../src/srtp/index.ts';
import { seeded } from '../../test/support/fuzz.ts';
import { rtcp, rtp } from '../../test/support/srtp.ts';
import { oracleMissing, type OracleProfile, SrtpOracle } from './oracle.ts';

export interface SrtpInteropResult {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

interface Sides {
  readonly oracle: SrtpOracle;
  readonly profile: OracleProfile;
  /** Master key and salt of both directions, as libsrtp takes them. */
  readonly key: Uint8Array;
  /** Protects and opens with that key. */
  readonly session: SrtpSession;
}

const PROFILES: Readonly<Record<OracleProfile, number>> = {
  AEAD_AES_128_GCM: SrtpProfile.aeadAes128Gcm,
  AEAD_AES_256_GCM: SrtpProfile.aeadAes256Gcm,
  AES128_CM_SHA1_80: SrtpProfile.aes128CmSha1_80,
  AES128_CM_SHA1_32: SrtpProfile.aes128CmSha1_32,
};

const SCENARIOS: Readonly<Record<string, (sides: Sides) => Promise<string>>> = {
  'the same SRTP packets across a wrap': sameRtp,
  'the same SRTCP packets': sameRtcp,
  'libsrtp opens what comes late and out of order': oursToTheirs,
  'we open what comes late and out of order, once': theirsToOurs,
  'both refuse what was changed': bothRefuse,
};

export interface SrtpCase {
  readonly name: string;
  run(): Promise<string>;
}

export const SRTP_CASES: readonly SrtpCase[] = (Object.keys(PROFILES) as OracleProfile[]).flatMap((profile) =>
  Object.entries(SCENARIOS).map(([what, run], i) => ({ name: `${profile}: ${what}`, run: () => withSides(profile, i, run) })),
);

/** Runs every case, one after the other. Never rejects. */
export async function runSrtpInterop(): Promise<SrtpInteropResult[]> {
  const missing = await oracleMissing();
  const results: SrtpInteropResult[] = [];
  for (const { name, run } of SRTP_CASES) {
    if (missing !== undefined) {
      results.push({ name, ok: false, detail: missing });
      continue;
    }
    results.push(
      await run().then(
        (detail) => ({ name, ok: true, detail }),
        (error: unknown) => ({ name, ok: false, detail: String(error) }),
      ),
    );
  }
  return results;
}

async function withSides(profile: OracleProfile, seed: number, run: (sides: Sides) => Promise<string>): Promise<string> {
  const { keyBytes, saltBytes } = profileParameters(PROFILES[profile]);
  const next = seeded(seed + keyBytes);
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => Math.floor(next() * 256));
  const [master, salt] = [bytes(keyBytes), bytes(saltBytes)];
  const session = new SrtpSession({ profile: PROFILES[profile], localKey: master, localSalt: salt, remoteKey: master, remoteSalt: salt }, { crypto: nodeCrypto });
  const oracle = new SrtpOracle();
  try {
    return await run({ oracle, profile, key: concat(master, salt), session });
  } finally {
    await oracle.close();
  }
}

/** Packets of many shapes with numbers around a wrap. */
function* packets(count: number, first: number): Generator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    yield rtp({
      ssrc: 0x1234_5678,
      sequence: (first + i) & 0xffff,
      csrcs: Array.from({ length: i % 4 }, (_, n) => n + 1),
      ...(i % 3 === 0 ? {} : { extension: i % 3 === 1 ? [0xbede, [0x10, i & 0xff]] : [0x1000, [1, 2, 3, 4]] }),
      payload: new Uint8Array((i * 37) % 1180).fill(i),
    });
  }
}

function same(ours: Uint8Array, theirs: Uint8Array | undefined, what: string): void {
  if (theirs === undefined) throw new Error(`${what}: libsrtp refuses it`);
  if (!equalBytes(ours, theirs)) throw new Error(`${what}: ${Buffer.from(ours).toString('hex')} here, ${Buffer.from(theirs).toString('hex')} there`);
}

async function sameRtp({ oracle, profile, key, session }: Sides): Promise<string> {
  let count = 0;
  // libsrtp makes its streams as packets come, so the numbers begin low and jump up to the wrap.
  for (const first of [20_000, 50_000, 65_436, 200]) {
    for (const packet of packets(100, first)) {
      const theirs = await oracle.ask('protect', profile, key, packet);
      same(session.protectRtp(packet), theirs, `packet ${count++}`);
    }
  }
  return `${count} packets`;
}

async function sameRtcp({ oracle, profile, key, session }: Sides): Promise<string> {
  session.protectRtcp(rtcp()); // libsrtp begins with index 1
  for (let i = 0; i < 100; i++) {
    const packet = rtcp(0x1234_5678, i);
    const theirs = await oracle.ask('protect_rtcp', profile, key, packet);
    same(session.protectRtcp(packet), theirs, `packet ${i}`);
    if (session.unprotectRtcp((theirs as Uint8Array).slice()) === undefined) throw new Error(`packet ${i} does not open here`);
  }
  for (let i = 0; i < 100; i++) {
    const packet = rtcp(0x9999_0000 + (i % 5), i);
    const plain = packet.slice();
    same(plain, await oracle.ask('unprotect_rtcp', profile, key, session.protectRtcp(packet)), `packet ${i} of ours`);
  }
  return '200 packets';
}

/** Swaps neighbours in groups of eight, the last of each first. */
function shuffled<T>(items: readonly T[]): T[] {
  return items.map((_, i) => items[Math.min(items.length - 1, (i & ~7) + 7 - (i & 7))] as T);
}

async function oursToTheirs({ oracle, profile, key, session }: Sides): Promise<string> {
  const sealed = [30_000, 65_500].flatMap((first) => [...packets(96, first)]).map((packet) => ({ plain: packet.slice(), bytes: session.protectRtp(packet) }));
  for (const [i, { plain, bytes }] of shuffled(sealed).entries()) same(plain, await oracle.ask('unprotect', profile, key, bytes), `packet ${i}`);
  return `${sealed.length} packets`;
}

async function theirsToOurs({ oracle, profile, key, session }: Sides): Promise<string> {
  const sealed: { readonly plain: Uint8Array; readonly bytes: Uint8Array }[] = [];
  for (const first of [30_000, 65_500]) {
    for (const plain of packets(96, first)) {
      const bytes = await oracle.ask('protect', profile, key, plain);
      if (bytes === undefined) throw new Error('libsrtp does not protect');
      sealed.push({ plain, bytes });
    }
  }
  for (const [i, { plain, bytes }] of shuffled(sealed).entries()) {
    const opened = session.unprotectRtp(bytes.slice());
    if (opened === undefined || !equalBytes(opened, plain)) throw new Error(`packet ${i} does not open`);
    if (session.unprotectRtp(bytes.slice()) !== undefined) throw new Error(`packet ${i} opens twice`);
  }
  return `${sealed.length} packets`;
}

async function bothRefuse({ oracle, profile, key, session }: Sides): Promise<string> {
  const sealed = session.protectRtp(rtp({ ssrc: 0x1234_5678, sequence: 1, extension: [0xbede, [0x10, 1]] })).slice();
  const report = session.protectRtcp(rtcp(0x1234_5678)).slice();
  let count = 0;
  for (let at = 0; at < sealed.length; at++, count++) {
    const forged = sealed.slice();
    forged[at] = (forged[at] as number) ^ 4;
    if (session.unprotectRtp(forged.slice()) !== undefined) throw new Error(`byte ${at} is not protected here`);
    if ((await oracle.ask('unprotect', profile, key, forged)) !== undefined) throw new Error(`byte ${at} is not protected there`);
  }
  for (let at = 0; at < report.length; at++, count++) {
    const forged = report.slice();
    forged[at] = (forged[at] as number) ^ 4;
    if (session.unprotectRtcp(forged.slice()) !== undefined) throw new Error(`byte ${at} of SRTCP is not protected here`);
    if ((await oracle.ask('unprotect_rtcp', profile, key, forged)) !== undefined) throw new Error(`byte ${at} of SRTCP is not protected there`);
  }
  if (session.unprotectRtp(sealed.slice()) === undefined || (await oracle.ask('unprotect', profile, key, sealed)) === undefined) throw new Error('the real packet does not open');
  return `${count} forgeries`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const results = await runSrtpInterop();
  for (const { name, ok, detail } of results) console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${detail}`);
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
}
