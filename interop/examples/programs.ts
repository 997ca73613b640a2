// The examples without a page.
import { Program } from './program.ts';
import { assert, equal, type ExampleTest, programTest } from './tools.ts';

const offerAnswer: ExampleTest = {
  name: 'data-channels-offer-answer',
  browsers: [],
  async run() {
    const promised = (output: string): void => {
      for (const [word, reply] of [['one', 'ONE'], ['two', 'TWO'], ['three', 'THREE']]) assert(output.includes(`'${word}' came back as '${reply}'`), `'${word}' did not come back: ${output.trim()}`);
    };
    const both = new Program('data-channels-offer-answer', ['--port=0']);
    equal(await both.ended(), 0, 'exit code of both');
    promised(both.output);
    equal(new Set(both.output.match(/(?:offer|answer) +\d+/g)).size, 2, 'processes');

    const answerer = new Program('data-channels-offer-answer', ['--role=answer', '--port=0']);
    try {
      const [, port] = await answerer.printed(/port (\d+)/);
      const offerer = new Program('data-channels-offer-answer', ['--role=offer', `--port=${port}`]);
      equal(await offerer.ended(), 0, 'exit code of the offerer');
      promised(offerer.output);
      equal(await answerer.ended(), 0, 'exit code of the answerer');
      const lonely = new Program('data-channels-offer-answer', ['--role=offer', `--port=${port}`]);
      equal(await lonely.ended(), 1, 'exit code without an answerer');
      assert(/^Nobody answers on port \d+: start the other side first/.test(lonely.output), lonely.output);
    } finally {
      answerer.kill();
    }
    return 'three words back in capitals, as one program and as two; nobody there: a line';
  },
};

const stressBench = programTest('data-channels-stress-bench', ['--connections=10', '--channels=4', '--messages=50'], (output) => {
  for (const part of ['connect', 'exchange', 'close']) assert(new RegExp(`^${part} .* s .*/s .* s CPU$`, 'm').test(output), `no line for ${part}: ${output}`);
  assert(/^2000 of 2000 messages of 1024 bytes came back in order on 40 channels; \d+ MiB of memory$/m.test(output), output);
  return `ten connections, 40 channels: ${/exchange .*? (\d+\/s)/.exec(output)?.[1]} messages`;
});

const virtualNetwork = programTest('virtual-network', ['--size=128', '--seed=7'], (output) => {
  const lines = [...output.matchAll(/^(\S.*?) +128 KiB arrived after +([\d.]+) s there, ([\d.]+) s here; the same packets again$/gm)];
  equal(lines.map(([, name]) => name), ['an office', 'another continent', 'a train', 'a tunnel'], 'stories');
  const there = lines.map(([, , seconds]) => Number(seconds));
  const here = lines.map(([, , , seconds]) => Number(seconds));
  assert((there[3] ?? 0) > 4, 'the tunnel was no obstacle');
  const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0);
  return `four networks, each twice with the same packets: ${sum(there).toFixed(1)} s there, ${sum(here).toFixed(1)} s here`;
});

const customRuntime = programTest('custom-runtime', [], (output) => {
  const [, held, all] = /^conformance: (\d+) of (\d+) cases$/m.exec(output) ?? [];
  assert(held !== undefined && held === all, `not all cases of the suite hold: ${output}`);
  assert(/^8 MB from a paced connection to a plain one in [\d.]+ s: \d+ Mbit\/s$/m.test(output), output);
  return `${held} cases of the conformance suite, 8 MB across`;
});

export const programTests: readonly ExampleTest[] = [offerAnswer, stressBench, virtualNetwork, customRuntime];
