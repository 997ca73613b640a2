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

test('a peer tells that it read packets of data until all is polled that is to be sent, and not of connectivity checks', () => {
  const pair = new PeerPair();
  const { channelA } = pair.connect();
  const { a, b } = pair;
  const deliver = (from: Side, to: Side): number => {
    let count = 0;
    for (let datagram = from.peer.pollWrite(); datagram; datagram = from.peer.pollWrite(), count++) {
      to.peer.handleRead({ bytes: datagram.bytes.slice(), local: datagram.remote, remote: from.address }, pair.now);
    }
    return count;
  };
  pair.run(1000);
  assert.equal(b.peer.hasReadData, false);
  a.peer.handleWrite({ channel: channelA, binary: true, data: new Uint8Array(5000) }, pair.now);
  assert.ok(deliver(a, b) > 1);
  assert.equal(b.peer.hasReadData, true, 'messages');
  assert.ok(deliver(b, a) > 0);
  assert.equal(b.peer.hasReadData, false);
  assert.equal(a.peer.hasReadData, true, 'acknowledgements');
  pair.exchange();
  assert.equal(a.peer.hasReadData, false);
  const checks = { sent: 0, read: false };
  pair.filter = (datagram, from) => {
    if ((datagram.bytes[0] as number) < 4) checks.sent++;
    checks.read ||= pair.other(from).peer.hasReadData;
    return true;
  };
  pair.run(8000); // consent is asked for every 4 to 6 s (RFC 7675 5.1)
  assert.ok(checks.sent >= 2);
  assert.equal(checks.read, false);
});

test('what has gone into a packet is told of although more is to be sent, so that whoever refills a buffer need not wait until it is empty (W3C 6.2)', () => {
  const pair = new PeerPair();
  const { channelA } = pair.connect();
  const { peer } = pair.a;
  const data = new Uint8Array(1000);
  for (let i = 0; i < 5; i++) peer.handleWrite({ channel: channelA, binary: true, data }, pair.now);
  for (let left = 4; left > 0; left--) {
    assert.ok(peer.pollWrite());
    assert.deepEqual(peer.pollEvent(), { type: 'channel-buffered', channel: channelA });
    assert.equal(channelA.bufferedAmount, left * data.length);
    assert.equal(peer.pollEvent(), undefined);
  }
});
