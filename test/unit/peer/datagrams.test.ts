import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Datagram } from '../../../src/core/index.ts';
import { ContentType } from '../../../src/dtls/constants.ts';
import { recordsOf } from '../../support/dtls.ts';
import { PeerPair, type Side } from '../../support/peer-pair.ts';

const { alert, applicationData, changeCipherSpec, handshake } = ContentType;

/** The types of the records of each DTLS datagram that a side sent from then on. */
function flightsOf({ sent }: Side, from = 0): readonly (readonly number[])[] {
  const isRecord = ({ bytes: [first = 0] }: Datagram): boolean => first >= changeCipherSpec && first < 64;
  return sent.slice(from).filter(isRecord).map(({ bytes }) => recordsOf(bytes).map(({ type }) => type));
}

test('the last flight of the handshake brings the channel`s OPEN, and the last packet of SCTP leaves with close_notify (RFC 6347 4.1.1)', () => {
  const pair = new PeerPair();
  pair.connect();
  const [, last, ...rest] = flightsOf(pair.a);
  assert.deepEqual(last, [changeCipherSpec, handshake, applicationData]);
  assert.deepEqual(rest, [], 'the OPEN was all that was to be said');
  assert.deepEqual(flightsOf(pair.b).at(-1), [applicationData], 'its ACK');
  const before = pair.a.sent.length;
  pair.a.peer.close(pair.now);
  pair.exchange();
  assert.deepEqual(flightsOf(pair.a, before), [[applicationData, alert]]);
  assert.ok(pair.b.events.some(({ type }) => type === 'channel-closed'));
  assert.deepEqual(flightsOf(pair.b).at(-1), [alert], 'its own close_notify');
});

test('a peer whose descriptions did not begin the association gets each record of data in a datagram of its own', () => {
  for (const [offers, answers] of [[false, false], [true, false], [false, true]] as const) {
    const pair = new PeerPair(1, { sctpSnap: offers }, { sctpSnap: answers });
    pair.connect();
    const before = pair.a.sent.length;
    pair.a.peer.close(pair.now);
    pair.exchange();
    assert.deepEqual(flightsOf(pair.a, before), [[applicationData], [alert]]);
    for (const side of [pair.a, pair.b]) assert.ok(flightsOf(side).every((types) => types.length === 1 || !types.includes(applicationData)));
  }
});

test('what was lost with the last flight comes again, each in its own time', () => {
  const pair = new PeerPair();
  let lost = 0;
  pair.filter = ({ bytes }, from) => from !== pair.a || bytes[0] !== changeCipherSpec || lost++ > 0;
  pair.connect();
  assert.equal(flightsOf(pair.a).filter((types) => types[0] === changeCipherSpec).length, 2);
});
