// Two ends behind address translators that nobody configured: only what a STUN server tells them lets them meet.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { peerPrograms, type PeerName, spawnPeer } from '../spawn-peer.ts';
import { type Case, sleep, type Suite, until } from '../suite.ts';

type NatType = 'open' | 'cone' | 'symmetric';

const NAT = fileURLToPath(new URL('../peers/net/nat.sh', import.meta.url));
const SERVER = '203.0.113.10';
const run = promisify(execFile);

async function startStun(): Promise<ChildProcess> {
  const args = ['-n', `--listening-ip=${SERVER}`, '--stun-only', '--no-tls', '--no-dtls', '--no-cli', '--pidfile=/dev/null', '--log-file=stdout'];
  const child = spawn('ip', ['netns', 'exec', 'sr-pub', 'turnserver', ...args], { stdio: 'ignore' });
  await sleep(500);
  if (child.exitCode !== null) throw new Error('coturn did not start');
  return child;
}

/** One end behind each box; the first is this library. What came back of a message, and over which pair. */
async function meet(natA: NatType, natB: NatType, other: PeerName): Promise<string> {
  await run(NAT, ['up', natA, natB]);
  const stun = await startStun();
  const ice = `--ice=${JSON.stringify([{ urls: `stun:${SERVER}` }])}`;
  const a = spawnPeer('sansrtc', [ice, '--sink'], 30_000, 'sr-a');
  const b = spawnPeer(other, [ice], 30_000, 'sr-b');
  try {
    const offer = await a.ask({ type: 'make-offer' });
    // Without translation the reflexive address is the host's own, which makes its candidate redundant (RFC 8445 5.1.3).
    if (natA !== 'open' && !offer.sdp.includes('typ srflx')) throw new Error('no server-reflexive candidate in the offer');
    a.tell(await b.ask({ type: 'offer', sdp: offer.sdp }));
    a.tell({ type: 'ping', text: 'through both boxes' });
    await until(async () => ((await a.ask({ type: 'stats' })).dataMessages ?? 0) > 0, 20_000, 'the echo');
    return `echo over ${(await a.ask({ type: 'stats' })).pair}`;
  } finally {
    await Promise.all([a.close(), b.close()]);
    const ended = once(stun, 'exit');
    stun.kill();
    await ended;
    await run(NAT, ['down']);
  }
}

const meeting = (natA: NatType, natB: NatType, other: PeerName): Case => ({
  name: `${natA} and ${natB}, with ${other}`,
  run: () => meet(natA, natB, other),
});

export const natSuite: Suite = {
  name: 'nat',
  async missing() {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs Linux and root';
    if (!existsSync('/usr/bin/turnserver')) return 'coturn is not installed';
    if (!existsSync('/usr/sbin/nft')) return 'nftables is not installed';
    return peerPrograms.pion.missing();
  },
  cases: () => [
    meeting('cone', 'cone', 'sansrtc'),
    meeting('cone', 'cone', 'pion'),
    meeting('cone', 'cone', 'node-datachannel'),
    meeting('open', 'symmetric', 'sansrtc'),
    meeting('symmetric', 'open', 'sansrtc'),
  ],
};
