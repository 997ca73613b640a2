// npm run example data-channels-flow-control -- --threshold=1024 --size=64
import type { DataChannel } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';
import type { Signal } from '../shared/signal.ts';

const { port, threshold, size } = optionsOf({
  threshold: { default: 1024, help: 'KiB that may be buffered before send() waits', least: 1 },
  size: { default: 64, help: 'KiB in a message; browsers take 256 at most', least: 1, most: 256 },
});
const REPORT_MS = 100;

/** Sends without end and as fast as it goes: `send` waits while the buffer is full, and that is all there is to it. */
async function pour(channel: DataChannel, page: Signal): Promise<void> {
  const message = new Uint8Array(size * 1024);
  channel.bufferedAmountHighThreshold = threshold * 1024;
  let [mostBytes, waits] = [0, 0];
  const report = setInterval(
    () => page.send({ bufferedBytes: channel.bufferedAmount, mostBytes, waits, limitBytes: (threshold + 2 * size) * 1024 }),
    REPORT_MS,
  );
  page.onEnd(() => clearInterval(report));
  await channel.opened;
  while (channel.readyState === 'open') {
    if (channel.bufferedAmount > channel.bufferedAmountHighThreshold) waits++;
    const sent = channel.send(message);
    mostBytes = Math.max(mostBytes, channel.bufferedAmount); // the message that waits counts too
    await sent;
  }
  clearInterval(report);
}

await serve(import.meta.url, port, (page) => {
  let pouring: DataChannel | undefined;
  return connect(page, {
    onWord: ({ stop }) => stop === true && void pouring?.close(),
    handler: {
      onDataChannel: (channel) =>
        pour((pouring = channel), page).catch((error: Error) => {
          if (channel.readyState === 'open') page.send({ error: error.message }); // else the page is gone
        }),
    },
  });
});
