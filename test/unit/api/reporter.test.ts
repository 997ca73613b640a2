import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PeerConnectionEvent, type PeerConnectionEventHandler, RtcError } from '../../../src/api/index.ts';
import { NegotiationNeeded } from '../../../src/api/negotiation-needed.ts';
import { Reporter } from '../../../src/api/reporter.ts';
import { ToldStates } from '../../../src/api/told-states.ts';

const error = { url: 'stun:s', errorCode: 701, errorText: '', address: null, port: null };
/** Each event with the method that is to take it, and what that is given. */
const EVENTS: readonly (readonly [PeerConnectionEvent, keyof PeerConnectionEventHandler, ...unknown[]])[] = [
  [{ type: 'negotiationneeded' }, 'onNegotiationNeeded'],
  [{ type: 'icecandidate', candidate: null }, 'onIceCandidate', null],
  [{ type: 'icecandidateerror', error }, 'onIceCandidateError', error],
  [{ type: 'signalingstatechange', state: 'stable' }, 'onSignalingStateChange', 'stable'],
  [{ type: 'iceconnectionstatechange', state: 'failed' }, 'onIceConnectionStateChange', 'failed'],
  [{ type: 'icegatheringstatechange', state: 'complete' }, 'onIceGatheringStateChange', 'complete'],
  [{ type: 'connectionstatechange', state: 'connected' }, 'onConnectionStateChange', 'connected'],
  [{ type: 'datachannel', channel: 1 } as never, 'onDataChannel', 1],
  [{ type: 'track', track: 1, receiver: 2, transceiver: 3, streamIds: [] } as never, 'onTrack', { track: 1, receiver: 2, transceiver: 3, streamIds: [] }],
  [{ type: 'targetbitrate', targetBps: 5 }, 'onTargetBitrate', 5],
];

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const event of events) read.push(event);
  return read;
}

test('every event goes to its method and to every iterator', async () => {
  const called: unknown[] = [];
  const handler = new Proxy({}, { get: (_, name) => (...given: unknown[]) => void called.push([name, ...given]) }) as PeerConnectionEventHandler;
  const reporter = new Reporter(handler, undefined, 'test');
  const iterators = [reporter.events(), reporter.events()];
  for (const [event] of EVENTS) reporter.report(event);
  reporter.end();
  assert.deepEqual(called, EVENTS.map(([, ...call]) => call));
  for (const iterator of iterators) assert.deepEqual(await all(iterator), EVENTS.map(([event]) => event));
});

test('what a callback throws or rejects with goes to onError, else to the log, and never further', async () => {
  const errors: unknown[] = [];
  const lines: string[] = [];
  const thrown = new Error('mine');
  const reporter = new Reporter({ onError: (given) => void errors.push(given), onNegotiationNeeded: () => Promise.reject(thrown), onTargetBitrate: () => { throw thrown; } }, undefined, 'test');
  const events = reporter.events();
  reporter.report({ type: 'targetbitrate', targetBps: 1 });
  reporter.report({ type: 'negotiationneeded' });
  reporter.deliver({ onMessage: () => { throw thrown; } }, 'x');
  reporter.deliver({ onMessage: () => Promise.reject(thrown) }, 'x');
  await new Promise(setImmediate);
  assert.deepEqual(errors, [thrown, thrown, thrown, thrown]);
  reporter.end();
  const told = (await all(events)).filter(({ type }) => type === 'error') as { error: RtcError }[];
  assert.deepEqual(told.map(({ error: { code, cause } }) => [code, cause]), Array.from({ length: 4 }, () => ['ERR_OPERATION', thrown]));
  const logging = new Reporter({}, (...line) => void lines.push(line.join(' ')), 'test');
  logging.callbackThrew(thrown);
  logging.fault(new RtcError('ERR_NETWORK', 'gone'));
  assert.deepEqual(lines, ['error test a callback threw: Error: mine', 'error test gone']);
  new Reporter({ onError: () => { throw thrown; } }, undefined, 'test').fault(thrown);
});

test('an offer that is due is told of once, when nothing else is going on (W3C WebRTC 4.7.3)', async () => {
  const peer = { signalingState: 'stable' as string, negotiationNeeded: true };
  const chain = { isEmpty: true };
  let told = 0;
  const needed = new NegotiationNeeded(peer as never, chain, { report: () => told++ });
  const look = async (): Promise<number> => {
    needed.update();
    await Promise.resolve();
    return told;
  };
  assert.equal(await look(), 1);
  assert.equal(await look(), 1, 'told already');
  needed.settle();
  assert.equal(await look(), 1, 'a description that did not settle it');
  peer.negotiationNeeded = false;
  needed.settle();
  peer.negotiationNeeded = true;
  chain.isEmpty = false;
  assert.equal(await look(), 1);
  chain.isEmpty = true;
  peer.signalingState = 'have-local-offer';
  assert.equal(await look(), 1);
  peer.signalingState = 'stable';
  assert.equal(await look(), 2, 'another one is due');
  peer.negotiationNeeded = false;
  await look();
  peer.negotiationNeeded = true;
  needed.update();
  chain.isEmpty = false; // an operation began meanwhile
  await Promise.resolve();
  assert.equal(told, 2);
  chain.isEmpty = true;
  assert.equal(await look(), 3);
  peer.signalingState = 'closed';
  peer.negotiationNeeded = false;
  assert.equal(await look(), 3);
});

test('a state and its event change together, and closing is not told of (W3C WebRTC 4.4.1.10)', async () => {
  const reporter = new Reporter({}, undefined, 'test');
  const events = reporter.events();
  const states = new ToldStates(reporter);
  states.tellSignaling('have-local-offer');
  states.tellSignaling('have-local-offer');
  states.onEvent({ type: 'ice-gathering-state', state: 'gathering' });
  states.onEvent({ type: 'ice-connection-state', state: 'checking' });
  states.onEvent({ type: 'connection-state', state: 'connecting' });
  assert.deepEqual([states.signaling, states.iceGathering, states.iceConnection, states.connection], ['have-local-offer', 'gathering', 'checking', 'connecting']);
  states.close();
  assert.deepEqual([states.signaling, states.iceGathering, states.iceConnection, states.connection], ['closed', 'gathering', 'closed', 'closed']);
  reporter.end();
  assert.deepEqual((await all(events)).map(({ type }) => type), ['signalingstatechange', 'icegatheringstatechange', 'iceconnectionstatechange', 'connectionstatechange']);
});
