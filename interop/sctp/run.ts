import { equalBytes } from '../../src/core/index.ts';
import type { Case } from '../suite.ts';
import { until } from '../suite.ts';
import { freePort, SctpEndpoint } from './endpoint.ts';
import { UsrsctpPeer } from './peer.ts';

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}

async function withPeer(role: 'accept' | 'connect', work: (endpoint: SctpEndpoint, peer: UsrsctpPeer) => Promise<string>): Promise<string> {
  const endpoint = await SctpEndpoint.bind({ remoteMaxMessageSizeBytes: 0, maxMessageSizeBytes: 10_000_000, streams: 1024 });
  const port = await freePort();
  endpoint.setRemotePort(port);
  const peer = await UsrsctpPeer.start(port, endpoint.port, role);
  try {
    if (role === 'accept') {
      endpoint.association.connect(performance.now());
      endpoint.flush();
    }
    await until(() => endpoint.events.some((event) => event.type === 'connected'), 5000, 'the association');
    return await work(endpoint, peer);
  } finally {
    await peer.stop();
    endpoint.close();
  }
}

async function echo(endpoint: SctpEndpoint, sizes: readonly number[], ordered: boolean): Promise<string> {
  const start = performance.now();
  for (const size of sizes) {
    const data = pattern(size);
    const before = endpoint.messages.length;
    endpoint.send(size % 7, data.slice(), ordered);
    await until(() => endpoint.messages.length > before, 20_000, `the echo of ${size} bytes`);
    const message = endpoint.messages.at(-1)!;
    if (message.streamId !== size % 7 || message.ppid !== 53 || !equalBytes(message.data, data)) throw new Error(`the echo of ${size} bytes is another message`);
  }
  return `${sizes.join(', ')} bytes in ${(performance.now() - start).toFixed(0)} ms`;
}

const SIZES = [5, 100_000, 1, 1172, 1173, 2_000_000];

/** A reset of ours and the peer's answer to it; then the stream works again. */
async function reset(endpoint: SctpEndpoint, peer: UsrsctpPeer): Promise<string> {
  await echo(endpoint, [5, 12], true);
  endpoint.association.resetStreams([5], performance.now());
  endpoint.flush();
  await until(() => endpoint.events.some((event) => event.type === 'outgoing-reset'), 5000, 'the reset');
  const event = endpoint.events.find((one) => one.type === 'outgoing-reset');
  if (event?.type !== 'outgoing-reset' || event.result !== 'performed') throw new Error(`the reset was ${event?.result}`);
  await until(() => peer.events.some((one) => one.type === 'reset'), 5000, 'the reset event at usrsctp');
  return echo(endpoint, [5], true);
}

async function many(endpoint: SctpEndpoint): Promise<string> {
  const count = 2000;
  for (let i = 0; i < count; i++) endpoint.send(3, pattern(1 + ((i * 37) % 3000)), true);
  await until(() => endpoint.messages.length === count, 30_000, () => `${endpoint.messages.length} of ${count} messages`);
  endpoint.messages.forEach(({ data }, i) => {
    if (!equalBytes(data, pattern(1 + ((i * 37) % 3000)))) throw new Error(`message ${i} is another one`);
  });
  return `${count} messages, ${endpoint.association.stats().chunksRetransmitted} chunks sent again`;
}

async function shutdown(endpoint: SctpEndpoint): Promise<string> {
  await echo(endpoint, [5], true);
  endpoint.association.shutdown(performance.now());
  endpoint.flush();
  await until(() => endpoint.association.state === 'closed', 5000, 'the end');
  const event = endpoint.events.at(-1);
  if (event?.type !== 'closed') throw new Error(`the association ended with ${event?.type}`);
  return 'closed in order';
}

/** Everything that is tried with usrsctp. */
export const SCTP_CASES: readonly Case[] = [
  { name: 'connect, echo ordered', run: () => withPeer('accept', (endpoint) => echo(endpoint, SIZES, true)) },
  { name: 'accept, echo ordered', run: () => withPeer('connect', (endpoint) => echo(endpoint, SIZES, true)) },
  { name: 'echo unordered', run: () => withPeer('accept', (endpoint) => echo(endpoint, SIZES, false)) },
  { name: 'many messages at once', run: () => withPeer('accept', many) },
  { name: 'stream reset', run: () => withPeer('accept', reset) },
  { name: 'shutdown', run: () => withPeer('accept', shutdown) },
];

/** Runs all of it and tells how each went. */
export async function runSctpInterop(): Promise<{ name: string; ok: boolean; detail: string }[]> {
  const results: { name: string; ok: boolean; detail: string }[] = [];
  for (const { name, run } of SCTP_CASES) {
    try {
      results.push({ name, ok: true, detail: await run() });
    } catch (error) {
      results.push({ name, ok: false, detail: error instanceof Error ? error.message : String(error) });
    }
  }
  return results;
}
