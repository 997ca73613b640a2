// npm run example data-channels-simple
import { createPeerConnection, type DataChannel } from 'sansrtc';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';

const { port } = optionsOf();

async function echo(channel: DataChannel): Promise<void> {
  for await (const message of channel) {
    console.log(`${channel.label}: ${String(message)}`);
    await channel.send(`You said: ${String(message)}`);
  }
}

await serve(import.meta.url, port, async (page) => {
  const pc = await createPeerConnection({
    handler: { onIceCandidate: (candidate) => page.send({ candidate }), onDataChannel: echo },
  });
  page.onEnd(() => pc.close());

  for await (const { description, candidate } of page) {
    if (description) {
      await pc.setRemoteDescription(description);
      await pc.setLocalDescription();
      page.send({ description: pc.localDescription });
    } else if (candidate !== undefined) await pc.addIceCandidate(candidate);
  }
});
