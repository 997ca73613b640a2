import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counters, DecodeError, randomBytes, randomU32, RtcError } from '../../../src/core/index.ts';
import { seededRandom } from '../../support/fuzz.ts';

test('a counter starts at zero and rises by one or by more', () => {
  const counters = new Counters();
  assert.equal(counters.get('dtls.replay'), 0);
  counters.add('dtls.replay');
  counters.add('dtls.replay', 4);
  assert.equal(counters.get('dtls.replay'), 5);
});

test('a snapshot does not change afterwards', () => {
  const counters = new Counters();
  counters.add('a');
  const snapshot = counters.snapshot();
  counters.add('a');
  counters.add('b');
  assert.deepEqual([...snapshot], [['a', 1]]);
});

test('A-JS-02 a counter may be named like a property of every object', () => {
  const counters = new Counters();
  assert.equal(counters.get('__proto__'), 0);
  counters.add('__proto__');
  counters.add('constructor');
  assert.equal(counters.get('__proto__'), 1);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

test('errors carry their code, line and cause', () => {
  const cause = new TypeError('x');
  const error = new RtcError('ERR_SDP_SYNTAX', 'bad', { cause, line: 7 });
  assert.ok(error instanceof Error);
  assert.deepEqual([error.name, error.code, error.line, error.cause], ['RtcError', 'ERR_SDP_SYNTAX', 7, cause]);
  const bare = new RtcError('ERR_CLOSED', 'closed');
  assert.equal(bare.line, undefined);
  assert.equal('cause' in bare, false);
  const decode = new DecodeError('stun.attribute', 'too short');
  assert.deepEqual([decode.name, decode.what, decode.message], ['DecodeError', 'stun.attribute', 'stun.attribute: too short']);
});

test('random numbers are unsigned and come from the source alone', () => {
  assert.equal(randomU32((into) => into.fill(0xff)), 0xffff_ffff);
  assert.equal(randomU32((into) => into.set([0x80, 0, 0, 1])), 0x8000_0001);
  assert.deepEqual(randomBytes(seededRandom(1), 5), randomBytes(seededRandom(1), 5));
  assert.notDeepEqual(randomBytes(seededRandom(1), 5), randomBytes(seededRandom(2), 5));
});
