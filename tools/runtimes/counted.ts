import type { DataChannel } from '../../src/api/index.ts';

const MESSAGE_BYTES = 65_536;

/** Bytes that tell where they belong. */
export function count(size: number, start: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const words = new Uint32Array(bytes.buffer, 0, size >> 2);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(start + i, 0x9e3779b1);
  return bytes;
}

/** Sends so many bytes in messages that {@link Receipts} knows. */
export async function sendCounted(channel: DataChannel, total: number): Promise<void> {
  for (let at = 0; at < total; at += MESSAGE_BYTES) await channel.send(count(Math.min(MESSAGE_BYTES, total - at), at));
}

/** What arrives of {@link sendCounted}, checked word by word. */
export class Receipts {
  readonly done: Promise<void>;
  #received = 0;

  constructor(channel: DataChannel, total: number) {
    this.done = new Promise((resolve, reject) => {
      channel.handler = {
        onMessage: (data) => {
          if (typeof data === 'string' || !isCounted(data, this.#received)) reject(new Error(`what came after ${this.#received} bytes is not what was sent`));
          else if ((this.#received += data.length) === total) resolve();
        },
        onClose: () => reject(new Error(`the channel closed after ${this.#received} bytes`)),
      };
    });
  }
}

function isCounted(bytes: Uint8Array, start: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < bytes.length >> 2; i++) if (view.getInt32(4 * i, true) !== Math.imul(start + i, 0x9e3779b1)) return false;
  return true;
}
