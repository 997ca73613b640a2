// The examples about ICE, negotiation and statistics.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { decodeStun, StunAttribute, StunBuilder, StunClass } from 'sansrtc/stun';
import { sleep, until } from '../suite.ts';
import { assert, click, equal, type ExampleTest, numberOf, pageTest, rowsOf, textOf } from './tools.ts';

const restart = pageTest('ice-restart', async ({ page }) => {
  const generations = (count: number): Promise<void> => until(async () => (await rowsOf(page, 'generations')).length === count, 15_000, `${count} generations of credentials`);
  const goesOn = async (): Promise<void> => {
    const before = await numberOf(page, 'received');
    await until(async () => (await numberOf(page, 'received')) > before + 10, 10_000, 'ten more pulses');
  };
  await generations(1);
  await goesOn();
  await click(page, 'here');
  await generations(2);
  await goesOn();
  await click(page, 'there');
  await generations(3);
  await goesOn();
  const rows = await rowsOf(page, 'generations');
  equal(rows.map(([, by]) => by).slice(1), ['this page', 'the program'], 'who offered');
  for (const side of [2, 3]) equal(new Set(rows.map((row) => row[side])).size, 3, 'different ufrags');
  equal(await numberOf(page, 'lost'), 0, 'lost pulses');
  equal(await textOf(page, 'status'), 'connected', 'the connection');
  const silence = await numberOf(page, 'silence');
  assert(silence < 2000, `a silence of ${silence} ms`);
  return `new credentials from either side, no pulse lost, longest silence ${silence} ms`;
});

const SEEN_AS = '203.0.113.7';
const SLOW_MS = 2500;

/** A STUN server that sees everybody at another address, and takes its time. */
async function slowStun(): Promise<{ args: string[]; end(): void }> {
  const socket = createSocket('udp4');
  let isClosed = false;
  socket.on('close', () => (isClosed = true));
  socket.on('message', (bytes, { port, address }) => {
    const { transactionId, method } = decodeStun(bytes);
    const response = new StunBuilder(StunClass.success, method, transactionId).xorAddress(StunAttribute.xorMappedAddress, { address: SEEN_AS, port }).finish();
    setTimeout(() => !isClosed && socket.send(response, port, address, () => {}), SLOW_MS).unref();
  });
  const outside = Object.values(networkInterfaces()).flatMap((all) => all ?? []).find(({ family, internal }) => family === 'IPv4' && !internal);
  const host = outside?.address ?? '127.0.0.1';
  socket.bind(0, host);
  await once(socket, 'listening');
  return { args: [`--stun=stun:${host}:${socket.address().port}`], end: () => void socket.close() };
}

const trickle = pageTest(
  'trickle-ice',
  async ({ page, program }) => {
    const typesOf = async (side: string): Promise<string[]> => (await rowsOf(page, side)).map(([, type]) => type ?? '');
    for (const side of ['here', 'there']) await until(async () => (await typesOf(side)).includes('no more'), 15_000, `the end of the candidates ${side}`);
    const there = await rowsOf(page, 'there');
    assert((await typesOf('here')).includes('host') && (await typesOf('there')).includes('host'), 'no host candidates');
    assert(there.some(([, type, , at]) => type === 'srflx' && at?.startsWith(SEEN_AS)), `no srflx candidate: ${JSON.stringify(there)}`);
    assert((await textOf(page, 'local')).startsWith('host ') && (await textOf(page, 'remote')).startsWith('host '), 'the path is not of host candidates');
    const [connected, ended] = [await numberOf(page, 'connected'), Number.parseFloat(there.at(-1)?.[0] ?? '')];
    assert(connected < ended, `connected after ${connected} ms, the last candidate came after ${ended}`);
    await program.printed(/typ srflx[^]*no more candidates/);
    return `connected after ${connected} ms, srflx and the end came after ${ended} ms`;
  },
  { before: slowStun },
);

const GLARES = 5;

function glare(polite: boolean): ExampleTest {
  return pageTest(
    'perfect-negotiation',
    async ({ page }) => {
      for (let i = 1; i <= GLARES; i++) {
        await click(page, 'glare');
        await until(
          async () => (await rowsOf(page, 'sides')).every(([, , , collisions]) => Number(collisions) >= i) && (await textOf(page, 'signaling')) === 'stable',
          10_000,
          `collision ${i} on both sides, then stable`,
        );
        await sleep(500);
      }
      const [here, there] = await rowsOf(page, 'sides');
      const ignored = (row: string[] | undefined): number => Number(row?.[4]);
      equal([ignored(polite ? here : there) >= GLARES, ignored(polite ? there : here)], [true, 0], 'who ignored');
      equal([here?.[1], there?.[1]], polite ? ['impolite', 'polite'] : ['polite', 'impolite'], 'the roles');
      const echoes = await numberOf(page, 'echoes');
      await until(async () => (await numberOf(page, 'echoes')) > echoes + 5, 5000, 'more echoes');
      equal(await textOf(page, 'status'), 'connected', 'the connection');
      return `${GLARES} collisions on both sides, the ${polite ? 'program' : 'page'} gave way, stable and echoing`;
    },
    polite ? { args: ['--polite'], variant: '--polite' } : {},
  );
}

const stats = pageTest(
  'stats',
  async ({ page }) => {
    const cards = (): Promise<string[]> => page.evaluate<string[]>(`[...document.querySelectorAll('main h2')].map((title) => title.textContent)`);
    const figures = (): Promise<number[][]> =>
      page.evaluate<number[][]>(`[...document.querySelectorAll('main section')].map((card) => [...card.querySelectorAll('[data-figure]')].map((figure) => Number(figure.textContent)))`);
    const names = ['pair 1, left', 'pair 1, right', 'pair 2, left', 'pair 2, right', 'page 1'];
    await until(async () => (await cards()).length === names.length, 15_000, 'a card for each connection');
    equal(await cards(), names, 'cards');
    await until(async () => (await figures()).every((card) => card.every((figure) => figure > 0)), 15_000, 'figures on all cards');
    await sleep(3000);
    const notes = await page.evaluate<string[]>(`[...document.querySelectorAll('main small')].map((note) => note.textContent)`);
    for (const note of notes) assert(/^connected, [12] open, MTU \d{4,5}, TLS_ECDHE_\w+$/.test(note), `a card says '${note}'`);
    return 'five cards with rates, round-trip times, MTU and cipher';
  },
  { args: ['--pairs=2', '--every=250'] },
);

export const negotiationTests: readonly ExampleTest[] = [restart, trickle, glare(false), glare(true), stats];
