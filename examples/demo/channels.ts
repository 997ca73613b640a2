// What this side does on each of the page's data channels.
import type { DataChannel } from 'sansrtc';

/** Runs until the channel is closed. Labels that nobody knows are closed. */
export async function serveChannel(channel: DataChannel): Promise<void> {
  try {
    switch (channel.label) {
      case 'chat':
      case 'echo':
      case 'ping':
        return await echo(channel);
      case 'throughput':
        return await throughput(channel);
      default:
        return await channel.close();
    }
  } catch (error) {
    if (channel.readyState !== 'closed') console.error(`channel ${channel.label}:`, error);
  }
}

/** Each message goes back; when the page does not read, `send` waits, and then we do not read either. */
async function echo(channel: DataChannel): Promise<void> {
  for await (const message of channel) await channel.send(message);
}

const REPORT_MS = 100;
const MAX_MESSAGE_BYTES = 256 * 1024;

interface Command {
  readonly type: 'send' | 'stop';
  readonly sizeBytes: number;
}

/**
 * `{"type":"send","sizeBytes":n}`: we send messages of n bytes until `{"type":"stop"}`. Bytes that come are counted and
 * the sum is reported as `{"type":"received","bytes":n}`.
 */
async function throughput(channel: DataChannel): Promise<void> {
  let sending: { stop: boolean } | undefined;
  let [received, reported] = [0, 0];
  const report = setInterval(() => {
    if (received === reported) return;
    reported = received;
    channel.trySend(JSON.stringify({ type: 'received', bytes: received }));
  }, REPORT_MS);
  try {
    for await (const message of channel) {
      if (typeof message !== 'string') {
        received += message.length;
        continue;
      }
      const command = JSON.parse(message) as Command;
      if (sending) sending.stop = true;
      sending = undefined;
      if (command.type === 'send') {
        sending = { stop: false };
        void source(channel, command.sizeBytes, sending);
      }
    }
  } finally {
    if (sending) sending.stop = true;
    clearInterval(report);
  }
}

/** Sends until it is told to stop or the channel ends; `send` waits for room. */
async function source(channel: DataChannel, sizeBytes: number, until: { readonly stop: boolean }): Promise<void> {
  const message = new Uint8Array(Math.min(Math.max(1, Math.trunc(sizeBytes) || 1), MAX_MESSAGE_BYTES));
  try {
    for (let i = 0; !until.stop && channel.readyState === 'open'; i++) {
      await channel.send(message);
      if (i % 32 === 0) await new Promise((done) => setImmediate(done)); // others want the event loop too
    }
  } catch {
    // the channel closed while we waited for room
  }
}
