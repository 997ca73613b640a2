// npm run example data-channels -- --every=500
import { randomUUID } from 'node:crypto';
import type { DataChannel } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';

const { port, every } = optionsOf({ every: { default: 1000, help: 'milliseconds from one word to the page to the next', least: 10 } });

/** Both directions at once: words go out by the clock, what comes in is printed. */
async function talk(channel: DataChannel): Promise<void> {
  console.log(`${channel.label}: open as stream ${channel.id}`);
  const timer = setInterval(() => channel.readyState === 'open' && channel.trySend(randomUUID().slice(0, 8)), every);
  for await (const message of channel) console.log(`${channel.label}: ${String(message)}`);
  clearInterval(timer);
  console.log(`${channel.label}: closed`);
}

await serve(import.meta.url, port, (page) => connect(page, { handler: { onDataChannel: talk } }));
