// DTLS 1.2 alone against OpenSSL and GnuTLS on loopback: handshake, data both ways, SRTP profile, exported keys.
import { pathToFileURL } from 'node:url';
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Certificate, type DtlsConfig, fingerprintOf, SrtpProfile } from '../../src/dtls/index.ts';
import { bindSocket, DtlsEndpoint, environment } from './endpoint.ts';
import { DtlsPeer, EXPORTER_BYTES, freePort, hasTool, type PeerKind, type PeerSettings } from './peers.ts';

export interface DtlsInteropResult {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface DtlsCase {
  readonly peer: PeerKind;
  readonly settings?: PeerSettings;
  /** Datagrams of the handshake that are lost, counted over both directions. */
  readonly lost?: readonly number[];
  /** Settings of our side. */
  readonly ours?: Partial<DtlsConfig> & { readonly keyKind?: 'ecdsa-p256' | 'ecdsa-p384' | 'rsa-2048' };
}

const HANDSHAKE_MS = 15_000;
const DATA_MS = 5_000;

export const DTLS_CASES: readonly DtlsCase[] = [
  { peer: 'openssl-server', settings: { cookie: true } },
  { peer: 'openssl-server', settings: { key: 'rsa' } },
  { peer: 'openssl-server', settings: { key: 'P-384', groups: 'P-384', suites: 'ECDHE-ECDSA-AES256-GCM-SHA384' }, ours: { keyKind: 'ecdsa-p384' } },
  { peer: 'openssl-server', settings: { suites: 'ECDHE-ECDSA-CHACHA20-POLY1305', groups: 'P-256' } },
  { peer: 'openssl-server', settings: { cookie: true, key: 'rsa', mtu: 300 }, ours: { keyKind: 'rsa-2048', mtuBytes: 200 } },
  { peer: 'openssl-server', settings: { suites: 'ECDHE-ECDSA-AES128-GCM-SHA256' } },
  { peer: 'openssl-client' },
  { peer: 'openssl-client', settings: { suites: 'ECDHE-ECDSA-AES128-GCM-SHA256' } },
  { peer: 'openssl-client', ours: { cookie: 'required', addressToken: Uint8Array.of(127, 0, 0, 1), cookieSecret: new Uint8Array(randomBytes(32)) } },
  { peer: 'openssl-client', settings: { key: 'rsa' }, ours: { keyKind: 'rsa-2048' } },
  { peer: 'openssl-client', settings: { key: 'P-384', suites: 'ECDHE-ECDSA-AES256-GCM-SHA384', groups: 'P-384:P-256' }, ours: { keyKind: 'ecdsa-p384' } },
  { peer: 'openssl-client', settings: { suites: 'ECDHE-ECDSA-CHACHA20-POLY1305', groups: 'P-256' } },
  { peer: 'openssl-client', settings: { mtu: 300 }, ours: { mtuBytes: 100 } },
  { peer: 'openssl-server', lost: [0, 1, 3] },
  { peer: 'openssl-server', settings: { mtu: 300 }, ours: { mtuBytes: 300 }, lost: [2, 4, 6, 8] },
  { peer: 'openssl-server', lost: [3] },
  { peer: 'openssl-client', lost: [1] },
  { peer: 'openssl-client', settings: { mtu: 300 }, ours: { mtuBytes: 300 }, lost: [1, 4, 6] },
  { peer: 'gnutls-server', lost: [4, 6] },
  { peer: 'gnutls-client', lost: [1, 3] },
  { peer: 'gnutls-server' },
  { peer: 'gnutls-server', settings: { key: 'rsa' }, ours: { keyKind: 'rsa-2048' } },
  { peer: 'gnutls-client' },
  { peer: 'gnutls-client', settings: { key: 'rsa' }, ours: { mtuBytes: 150 } },
  { peer: 'gnutls-client', ours: { cookie: 'required', addressToken: Uint8Array.of(127, 0, 0, 1), cookieSecret: new Uint8Array(randomBytes(32)) } },
];

export function nameOf({ peer, settings, lost, ours }: DtlsCase): string {
  const theirs = Object.entries(settings ?? {}).map(([key, value]) => `${key} ${String(value)}`);
  const mine = Object.entries(ours ?? {}).flatMap(([key, value]) => (typeof value === 'object' ? [] : [`our ${key} ${String(value)}`]));
  return [peer, ...theirs, ...mine, ...(lost === undefined ? [] : [`datagrams ${lost.join(' ')} lost`])].join(', ');
}

/** Runs every case, one after the other. Never rejects. */
export async function runDtlsInterop(): Promise<DtlsInteropResult[]> {
  const tools = { openssl: await hasTool('openssl'), gnutls: await hasTool('gnutls-cli') };
  const results: DtlsInteropResult[] = [];
  for (const one of DTLS_CASES) {
    const name = nameOf(one);
    if (!tools[one.peer.startsWith('openssl') ? 'openssl' : 'gnutls']) {
      results.push({ name, ok: false, detail: 'the tool is not installed' });
      continue;
    }
    results.push(
      await runCase(one).then(
        (detail) => ({ name, ok: true, detail }),
        (error: unknown) => ({ name, ok: false, detail: String(error) }),
      ),
    );
  }
  return results;
}

/** Runs one case; rejects with what went wrong. */
export async function runCase({ peer: kind, settings, lost = [], ours }: DtlsCase): Promise<string> {
  const { keyKind, ...overrides } = ours ?? {};
  const certificate = Certificate.generate({ now: performance.now(), ...(keyKind === undefined ? {} : { keyKind }) }, environment);
  const config: Omit<DtlsConfig, 'role' | 'remoteFingerprints'> = { certificate, ...overrides };
  return kind.endsWith('server') ? againstServer(kind, settings, config, lost) : againstClient(kind, settings, config, lost);
}

async function againstServer(kind: PeerKind, settings: PeerSettings | undefined, config: Omit<DtlsConfig, 'role' | 'remoteFingerprints'>, lost: readonly number[]): Promise<string> {
  const port = await freePort();
  const peer = await DtlsPeer.start(kind, port, settings);
  const endpoint = new DtlsEndpoint({ ...config, role: 'client', remoteFingerprints: [fingerprintOf(environment.crypto, 'sha-256', peer.certificate)] }, await bindSocket(), port);
  try {
    endpoint.loses = (n) => lost.includes(n);
    endpoint.start();
    return await converse(kind, peer, endpoint);
  } finally {
    await endpoint.close();
    await peer.stop();
  }
}

async function againstClient(kind: PeerKind, settings: PeerSettings | undefined, config: Omit<DtlsConfig, 'role' | 'remoteFingerprints'>, lost: readonly number[]): Promise<string> {
  // The peer's certificate is known only once it runs, so its first hello may wait.
  const bound = await bindSocket();
  const peer = await DtlsPeer.start(kind, bound.port, settings);
  const endpoint = new DtlsEndpoint({ ...config, role: 'server', remoteFingerprints: [fingerprintOf(environment.crypto, 'sha-256', peer.certificate)] }, bound);
  try {
    endpoint.loses = (n) => lost.includes(n);
    endpoint.start();
    return await converse(kind, peer, endpoint);
  } finally {
    await endpoint.close();
    await peer.stop();
  }
}

/** Handshake, a line each way, the same profile and the same exported keys. */
async function converse(kind: PeerKind, peer: DtlsPeer, endpoint: DtlsEndpoint): Promise<string> {
  const started = performance.now();
  const { machine } = endpoint;
  await endpoint.until(() => machine.state !== 'connecting', HANDSHAKE_MS, 'handshake').catch((error: unknown) => {
    throw new Error(`${String(error)}; the peer says: ${peer.output.slice(-800)}`);
  });
  if (machine.state !== 'connected') throw new Error(`${JSON.stringify(endpoint.events)}; the peer says: ${peer.output.slice(-800)}`);
  const took = Math.round(performance.now() - started);
  endpoint.send('a line of ours\n');
  if (kind === 'gnutls-server') await endpoint.until(() => endpoint.received.includes('a line of ours'), DATA_MS, 'echo');
  else {
    await peer.seen(/a line of ours/, DATA_MS);
    peer.say('a line of theirs');
    await endpoint.until(() => endpoint.received.includes('a line of theirs'), DATA_MS, 'line');
  }
  const profile = kind.startsWith('openssl') ? SrtpProfile.aeadAes128Gcm : SrtpProfile.aes128CmSha1_80;
  if (machine.srtpProfile !== profile) throw new Error(`SRTP profile ${String(machine.srtpProfile)}`);
  const detail = `${machine.cipherSuite?.name ?? ''}, ${took} ms`;
  if (kind === 'gnutls-server') return detail; // it exports nothing over UDP
  const exported = Buffer.from(machine.exportKeyingMaterial('EXTRACTOR-dtls_srtp', EXPORTER_BYTES)).toString('hex');
  const theirs = (await peer.seen(/key(?:ing)? material: ([0-9a-f]{120})/i, DATA_MS))[1]?.toLowerCase();
  if (theirs !== exported) throw new Error(`exported keys differ: ${exported} here, ${String(theirs)} there`);
  return `${detail}, same exported keys`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const results = await runDtlsInterop();
  for (const { name, ok, detail } of results) console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${detail}`);
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
}
