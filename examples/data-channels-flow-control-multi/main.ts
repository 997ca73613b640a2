// npm run example data-channels-flow-control-multi -- --channels=4
import type { DataChannel } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';

const MOST_CHANNELS = 6;
const { port, channels, size, same } = optionsOf({
  channels: { default: 4, help: 'how many send at once', least: 1, most: MOST_CHANNELS },
  size: { default: 16, help: 'KiB in a message of the first channel; each next one sends messages twice as large, up to 256', least: 1, most: 256 },
  same: { default: false, help: 'messages of one size on all channels' },
});

/** Each channel has a buffer of its own: one that waits for room holds up no other. */
async function pour(channel: DataChannel, message: Uint8Array): Promise<void> {
  channel.bufferedAmountHighThreshold = 256 * 1024;
  await channel.opened;
  while (channel.readyState === 'open') await channel.send(message);
}

await serve(import.meta.url, port, async (page) => {
  const pc = await connect(page);
  for (let i = 0; i < channels; i++) {
    const sizeKiB = Math.min(same ? size : size * 2 ** i, 256);
    const channel = pc.createDataChannel(`${i + 1}: ${sizeKiB} KiB`);
    pour(channel, new Uint8Array(sizeKiB * 1024)).catch((error: Error) => pc.connectionState === 'connected' && console.error(error.message));
  }
});
