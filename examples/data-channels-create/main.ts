// npm run example data-channels-create
import type { DataChannelInit } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';

const { port } = optionsOf();

/** One channel of every kind. */
const KINDS: Readonly<Record<string, DataChannelInit>> = {
  reliable: {},
  unordered: { ordered: false },
  'sent once': { ordered: false, maxRetransmits: 0 },
  'short lived': { maxPacketLifeTime: 150 },
  'with protocol': { protocol: 'json' },
  negotiated: { negotiated: true, id: 100 },
};

await serve(import.meta.url, port, async (page) => {
  const pc = await connect(page);
  for (const [label, init] of Object.entries(KINDS)) {
    const channel = pc.createDataChannel(label, init); // the first one makes an offer due
    channel.handler = {
      onOpen: () => channel.send(`hello from '${label}'`),
      onMessage: (data) => console.log(`${label}: ${String(data)}`),
    };
  }
});
