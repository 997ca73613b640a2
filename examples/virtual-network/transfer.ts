import { createHash } from 'node:crypto';
import type { DataChannel } from 'sansrtc';

const CHUNK_BYTES = 16 * 1024;

/** The application: sends a file over a data channel, then its hash, and waits until the other side says that it is right. */
export async function sendFile(channel: DataChannel, file: Uint8Array): Promise<void> {
  await channel.opened;
  for (let at = 0; at < file.length; at += CHUNK_BYTES) await channel.send(file.subarray(at, at + CHUNK_BYTES));
  await channel.send(createHash('sha256').update(file).digest('hex'));
  for await (const verdict of channel) {
    if (verdict === 'right') return;
    break;
  }
  throw new Error('the file did not arrive as it was sent');
}

/** The other side. */
export async function receiveFile(channel: DataChannel): Promise<void> {
  const hash = createHash('sha256');
  for await (const message of channel) {
    if (typeof message !== 'string') hash.update(message);
    else await channel.send(message === hash.digest('hex') ? 'right' : 'wrong');
  }
}
