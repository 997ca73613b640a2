// npm run example data-channels-close -- --messages=5 --every=300
import type { DataChannel } from 'sansrtc';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';

const { port, messages, every } = optionsOf({
  messages: { default: 5, help: 'a channel is closed after so many', least: 1 },
  every: { default: 300, help: 'milliseconds from one message to the next', least: 1 },
});

async function countThenClose(channel: DataChannel): Promise<void> {
  await channel.opened;
  let sent = 0;
  while (sent < messages && channel.readyState === 'open') {
    await channel.send(`message ${++sent}`);
    await sleep(every);
  }
  const isOurs = channel.readyState === 'open';
  await channel.close(); // resolves when both sides are done; what was sent before has arrived
  console.log(`${channel.label}: closed by ${isOurs ? 'the program' : 'the page'} after ${sent} ${sent === 1 ? 'message' : 'messages'}`);
}

await serve(import.meta.url, port, (page) => connect(page, { handler: { onDataChannel: countThenClose } }));
