// npm run example data-channels-offer-answer -- --role=both
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createPeerConnection, type DataChannel, type DescriptionInit, type PeerConnection } from 'sansrtc';
import { bodyOf, reply, replyError } from '../shared/http.ts';
import { listen } from '../shared/listen.ts';
import { optionsOf } from '../shared/options.ts';

const { port, role } = optionsOf({ role: { default: 'both', choices: ['both', 'offer', 'answer'], help: 'offer, answer, or both, each in a process of its own' } });

/** Waits until the description has all candidates: one request carries the offer, its response the answer. */
async function withCandidates(pc: PeerConnection): Promise<DescriptionInit> {
  await pc.setLocalDescription();
  await pc.gathered();
  return pc.localDescription!;
}

async function answer(): Promise<void> {
  const echo = async (channel: DataChannel): Promise<void> => {
    for await (const message of channel) {
      console.log(`answer ${process.pid}: got '${String(message)}'`);
      await channel.send(String(message).toUpperCase());
    }
    server.close();
    await pc.close();
  };
  const pc = await createPeerConnection({ handler: { onDataChannel: echo } });
  const server = createServer((request, response) => {
    (async () => {
      await pc.setRemoteDescription((await bodyOf(request)) as DescriptionInit);
      reply(response, 200, await withCandidates(pc));
    })().catch((error: unknown) => replyError(response, error));
  });
  const bound = await listen(server, port);
  console.log(`answer ${process.pid}: waits for an offer on port ${bound}`);
  process.send?.(bound);
}

async function offer(): Promise<void> {
  const pc = await createPeerConnection();
  const channel = pc.createDataChannel('data');
  const body = JSON.stringify(await withCandidates(pc));
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body }).catch(() => undefined);
  if (!response?.ok) {
    console.error(`Nobody answers on port ${port}: start the other side first, with --role=answer.`);
    await pc.close();
    process.exitCode = 1;
    return;
  }
  await pc.setRemoteDescription((await response.json()) as DescriptionInit);
  await channel.opened;
  for (const word of ['one', 'two', 'three']) {
    await channel.send(word);
    console.log(`offer  ${process.pid}: '${word}' came back as '${String(await channel.receive())}'`);
  }
  await channel.close();
  await pc.close();
}

async function both(): Promise<void> {
  const [main = ''] = process.argv.slice(1);
  const answerer = fork(main, ['--role=answer', `--port=${port}`]);
  const ended = once(answerer, 'exit') as Promise<[number]>;
  const bound = await Promise.race([once(answerer, 'message').then(([its]) => its as number), ended.then(() => undefined)]);
  if (bound !== undefined) {
    const [code] = (await once(fork(main, ['--role=offer', `--port=${bound}`]), 'exit')) as [number];
    process.exitCode = code;
    if (code !== 0) answerer.kill();
  }
  const [code] = await ended;
  process.exitCode ||= code;
}

await { offer, answer, both }[role]();
