// The examples about data channels, those with a page.
import { sleep, until } from '../suite.ts';
import { assert, click, equal, type ExampleTest, hasLine, linesOf, numberOf, pageTest, rowsOf, textOf, write } from './tools.ts';

const simple = pageTest('data-channels-simple', async ({ page, program }) => {
  await write(page, 'form', 'hello, täst');
  await hasLine(page, 'log', /^You said: hello, täst$/);
  equal(await linesOf(page, 'log'), ['hello, täst', 'You said: hello, täst'], 'the page shows');
  assert(program.output.includes('chat: hello, täst'), 'the terminal does not show the words');
  return 'words come back, and are in the terminal';
});

const several = pageTest(
  'data-channels',
  async ({ page, program }) => {
    await click(page, 'open');
    for (const label of ['channel 1', 'channel 2']) await hasLine(page, 'log', new RegExp(`^${label}: [0-9a-f]{8}$`));
    await write(page, 'form', 'to both');
    for (const label of ['channel 1', 'channel 2']) await program.printed(new RegExp(`^${label}: to both$`, 'm'));
    return 'two channels, words in both directions on each';
  },
  { args: ['--every=100'] },
);

const create = pageTest('data-channels-create', async ({ page, program }) => {
  await until(async () => (await rowsOf(page, 'channels')).filter((row) => row.at(-1) !== '').length === 6, 10_000, 'six greetings');
  const rows = new Map((await rowsOf(page, 'channels')).map(([label, stream, ...rest]) => [label, { stream, rest }]));
  const kinds: Record<string, string[]> = {
    reliable: ['yes', '–', '–', '–', 'no'],
    unordered: ['no', '–', '–', '–', 'no'],
    'sent once': ['no', '0', '–', '–', 'no'],
    'short lived': ['yes', '–', '150 ms', '–', 'no'],
    'with protocol': ['yes', '–', '–', 'json', 'no'],
    negotiated: ['yes', '–', '–', '–', 'yes'],
  };
  for (const [label, expected] of Object.entries(kinds)) {
    equal(rows.get(label)?.rest, [...expected, `hello from '${label}'`], label);
    await program.printed(new RegExp(`^${label}: hello to '${label}'$`, 'm'));
  }
  equal(rows.get('negotiated')?.stream, '100', 'the stream of the negotiated channel');
  return 'six kinds as the browser sees them, greetings both ways';
});

const close = pageTest(
  'data-channels-close',
  async ({ page, program }) => {
    await hasLine(page, 'log', /^channel 1 was closed by the program after 8 messages$/);
    await program.printed(/^channel 1: closed by the program after 8 messages$/m);
    await click(page, 'open');
    await hasLine(page, 'log', /^channel 2: message 1$/);
    await click(page, 'close');
    await hasLine(page, 'log', /^channel 2 was closed by this page after [1-7] messages?$/);
    await program.printed(/^channel 2: closed by the page after [1-7] messages?$/m);
    equal(await textOf(page, 'status'), 'connected', 'the connection');
    return 'closed from either side, no message lost, still connected';
  },
  { args: ['--messages=8', '--every=150'] },
);

const flowControl = pageTest(
  'data-channels-flow-control',
  async ({ page }) => {
    await until(async () => (await numberOf(page, 'total')) > 5, 15_000, '5 MB');
    await sleep(1000);
    const [mean, most, limit, waits] = await Promise.all(['mean', 'most', 'limit', 'waits'].map((id) => numberOf(page, id)));
    equal(limit, 512 + 2 * 32, 'the limit');
    assert(most! > 0 && most! <= limit!, `the buffer held ${most} KiB of ${limit}`);
    assert(waits! > 0, 'send never waited');
    await click(page, 'toggle');
    await until(async () => (await textOf(page, 'toggle')) === 'Start', 10_000, 'the stop');
    await click(page, 'toggle');
    await until(async () => (await textOf(page, 'toggle')) === 'Stop', 10_000, 'the start');
    await sleep(600);
    return `${mean} MB/s with at most ${most} of ${limit} KiB buffered, send waited ${waits} times, stopped and started`;
  },
  { args: ['--threshold=512', '--size=32'], isAlone: true },
);

const flowControlMulti = pageTest(
  'data-channels-flow-control-multi',
  async ({ page, browser }) => {
    const megabytes = async (): Promise<number[]> => (await rowsOf(page, 'shares')).map(([, received]) => Number.parseFloat(received ?? ''));
    await until(async () => (await megabytes()).reduce((sum, one) => sum + one, 0) > 16, 20_000, '16 MB in all');
    const each = await megabytes();
    equal(each.length, 4, 'channels');
    // Firefox takes messages in pieces between each other: turns are of packets, not of messages.
    const turns = each.map((one, i) => (browser === 'firefox' ? one : one / 2 ** i));
    assert(Math.min(...turns) * 1.5 > Math.max(...turns), `not in turn: ${each.join(', ')} MB`);
    return `four channels take turns: ${each.join(', ')} MB`;
  },
  { isAlone: true },
);

export const dataChannelTests: readonly ExampleTest[] = [simple, several, create, close, flowControl, flowControlMulti];
