import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../support/fuzz.ts';
import { MovingPair } from '../support/moving-pair.ts';

const SEEDS = Number(process.env['SIM_SEEDS'] ?? 24);
const COUNT = 200;

const numberOf = (text: string): number => Number(text.split(' ')[0]);

/** What came, with what came twice left out; throws when the order is another one. */
function inOrder(texts: readonly string[], told: string): number {
  let next = 0;
  for (const text of texts) {
    const number = numberOf(text);
    assert.ok(number <= next, `${told}: ${number} came before ${next}`);
    if (number === next) next++;
  }
  return next;
}

/** A peer that gives up its transport in the midst of a talk, over a path that loses packets. */
function story(seed: number): void {
  const next = seeded(seed);
  const keepsAssociation = next() < 0.5;
  const loss = next() * 0.25;
  const isSilent = next() < 0.3;
  const offers = next() < 0.5 ? 'peer' : 'end';
  const told = `seed ${seed}: ${offers} offered, loss ${loss.toFixed(2)}${keepsAssociation ? ', association kept' : ''}${isSilent ? ', goodbye lost' : ''}`;
  const pair = new MovingPair(offers, seed);
  pair.runUntil(() => pair.end.isOpen);
  pair.run(100);
  pair.filter = () => next() >= loss;
  const moveAt = 20 + Math.floor(next() * 60);
  for (let i = 0; i < COUNT; i++) {
    pair.send(`${i} of ours`);
    pair.end.send(`${i} of theirs`, pair.now);
    pair.show();
    if (i === moveAt) {
      pair.reject('end');
      const said = pair.end.move(pair.now, { keepsAssociation });
      if (!isSilent) pair.deliver(said.filter(() => next() >= loss));
    }
    pair.run(next() * 40);
  }
  const isDone = (): boolean => numberOf(pair.end.texts.at(-1) ?? '0') === COUNT - 1 && numberOf(pair.texts.at(-1) ?? '0') === COUNT - 1;
  pair.runUntil(isDone, 30_000);
  assert.equal(inOrder(pair.end.texts, `${told}, at the end`), COUNT, told);
  assert.equal(inOrder(pair.texts, `${told}, at our side`), COUNT, told);
  assert.deepEqual(pair.channelEvents, [], told);
  assert.equal(pair.peer.connectionState, 'connected', told);
  const before = pair.end.opened;
  for (let i = 0; i < 40; i++, pair.run(20)) pair.show();
  assert.ok(pair.end.opened > before + 20, told);
}

test(`${SEEDS} seeds of a peer that gives up its transport in the midst of a talk, with up to 25 % loss: nothing reliable is lost, and pictures go on`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) story(seed);
});
