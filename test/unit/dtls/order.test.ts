import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY, encodeUtf8 } from '../../../src/core/index.ts';
import { Alert, ContentType, HandshakeType as H } from '../../../src/dtls/constants.ts';
import { DtlsPair, endOf, fragmentOf, type Message, plainRecord, type Side, withLies } from '../../support/dtls.ts';

const FLIGHTS: Readonly<Record<Side, readonly number[]>> = {
  client: [H.clientHello, H.certificate, H.clientKeyExchange, H.certificateVerify, H.finished],
  server: [H.serverHello, H.certificate, H.serverKeyExchange, H.certificateRequest, H.serverHelloDone, H.finished],
};
const NAMES = new Map(Object.entries(H).map(([name, type]) => [type as number, name]));

/** Certificate and Finished belong to both sides, so a lie must know who speaks: only the `nth` message of a type is changed. */
function lieOnce(type: number, nth: number, lie: (message: Message) => readonly Message[]): (message: Message) => readonly Message[] {
  let seen = 0;
  return (message) => (message[0] === type && ++seen === nth ? lie(message) : [message]);
}

/** The server speaks Certificate first; the client speaks Finished first. */
function turn(liar: Side, type: number): number {
  if (type === H.certificate) return liar === 'server' ? 1 : 2;
  if (type === H.finished) return liar === 'client' ? 1 : 2;
  return 1;
}

function attack(liar: Side, type: number, lie: (message: Message) => readonly Message[]): { victim: Side; pair: DtlsPair } {
  const pair = new DtlsPair({ client: { mtuBytes: 1500, handshakeTimeoutMs: 3_000 }, server: { mtuBytes: 1500, handshakeTimeoutMs: 3_000 } });
  withLies({ message: lieOnce(type, turn(liar, type), lie) }, () => pair.handshake(5_000));
  return { victim: liar === 'client' ? 'server' : 'client', pair };
}

function assertRefused({ victim, pair }: { victim: Side; pair: DtlsPair }, what: string, alert: number = Alert.unexpectedMessage): void {
  assert.equal(pair.machine(victim).state, 'failed', what);
  assert.deepEqual(endOf(pair, victim), { reason: 'protocol', alert }, what);
  assert.deepEqual(pair.data, { client: [], server: [] });
}

for (const liar of ['client', 'server'] as const)
  for (const type of FLIGHTS[liar]) {
    const name = `${liar}'s ${NAMES.get(type)}`;

    test(`A-DTLS-15 ${name} doubled under a new number ends the handshake`, () => {
      const attacked = attack(liar, type, (message) => [message, message]);
      if (type === H.finished) {
        // The handshake is over with the first; the second is a message out of time.
        assert.equal(attacked.pair.events[attacked.victim][0]?.type, 'connected');
        assert.ok((attacked.pair.machine(attacked.victim).stats().dropped.get('dtls.unexpected') ?? 0) > 0);
        return;
      }
      assertRefused(attacked, name);
    });

    test(`A-DTLS-15 ${name} replaced by every other message ends the handshake`, () => {
      for (const other of Object.values(H)) {
        if (other === type) continue;
        const attacked = attack(liar, type, ([, body]) => [[other, body]]);
        const { victim, pair } = attacked;
        assert.notEqual(pair.machine(victim).state, 'connected', NAMES.get(other));
        const end = endOf(pair, victim);
        // These two have a meaning of their own there, and then fail to decode.
        const special = (type === H.serverHello && other === H.helloVerifyRequest) || (type === H.certificateRequest && other === H.serverHelloDone);
        if (type === H.serverHelloDone && other === H.helloRequest) assert.equal(end?.reason, 'timeout'); // passed over, RFC 5246 7.4.1.1
        else if (special) assert.deepEqual(end, { reason: 'protocol', alert: Alert.decodeError }, NAMES.get(other));
        else assert.deepEqual(end, { reason: 'protocol', alert: Alert.unexpectedMessage }, NAMES.get(other));
      }
    });

    test(`A-DTLS-15 ${name} left out ends the handshake`, () => {
      const attacked = attack(liar, type, () => []);
      const { victim, pair } = attacked;
      if (type === H.clientHello || type === H.finished) assert.equal(endOf(pair, victim)?.reason, 'timeout');
      else if (type === H.serverHelloDone) assert.equal(endOf(pair, victim)?.reason, 'timeout');
      else if (type === H.certificateRequest) {
        // A server may leave the client anonymous; ours never does, so the two do not connect.
        assert.equal(endOf(pair, 'server')?.reason, 'protocol');
        assert.notEqual(pair.client.state, 'connected');
      } else if (type === H.certificateVerify) assertNotVerified(pair);
      else assertRefused(attacked, name);
    });

    test(`A-DTLS-15 ${name} exchanged with the next message ends the handshake`, () => {
      let held: Message | undefined;
      let seen = 0;
      const nth = turn(liar, type);
      const pair = new DtlsPair({ client: { mtuBytes: 1500, handshakeTimeoutMs: 3_000 }, server: { mtuBytes: 1500, handshakeTimeoutMs: 3_000 } });
      const message = (m: Message): readonly Message[] => {
        if (m[0] === type && ++seen === nth) {
          held = m;
          return [];
        }
        if (held === undefined) return [m];
        const out = [m, held];
        held = undefined;
        return out;
      };
      withLies({ message }, () => pair.handshake(5_000));
      const victim = liar === 'client' ? 'server' : 'client';
      assert.notEqual(pair.machine(victim).state, 'connected');
      assert.ok(endOf(pair, victim) !== undefined);
      assert.deepEqual(pair.data, { client: [], server: [] });
    });
  }

/** Without CertificateVerify, ChangeCipherSpec and Finished come too early and are not believed. */
function assertNotVerified(pair: DtlsPair): void {
  assert.equal(pair.server.state, 'failed');
  assert.equal(endOf(pair, 'server')?.reason, 'timeout');
  assert.notEqual(pair.client.state, 'connected');
}

test('A-DTLS-15 Finished without ChangeCipherSpec is refused (RFC 5246 7.4.9)', () => {
  const pair = new DtlsPair({ server: { handshakeTimeoutMs: 3_000 } });
  withLies({ changeCipherSpec: false }, () => pair.handshake(5_000));
  assert.deepEqual(endOf(pair, 'server'), { reason: 'protocol', alert: Alert.unexpectedMessage });
  assert.notEqual(pair.client.state, 'connected');
});

test('A-DTLS-15 ChangeCipherSpec that comes early changes nothing before its time', () => {
  const pair = new DtlsPair();
  pair.start();
  for (const side of ['client', 'server'] as const) pair.machine(side).handleRead(plainRecord(ContentType.changeCipherSpec, Uint8Array.of(1)), pair.now);
  // A Finished in the clear is no Finished, whatever was said before.
  pair.server.handleRead(plainRecord(ContentType.handshake, fragmentOf(H.finished, 4, new Uint8Array(12))), pair.now);
  pair.handshake();
  assert.equal(pair.client.state, 'connected');
  pair.send('client', encodeUtf8('x'));
  pair.settle();
  assert.equal(pair.data.server.length, 1);
});

test('A-DTLS-15 ChangeCipherSpec with other content is dropped', () => {
  const pair = new DtlsPair().start();
  for (const content of [EMPTY, Uint8Array.of(2), Uint8Array.of(1, 1)]) pair.client.handleRead(plainRecord(ContentType.changeCipherSpec, content), 0);
  assert.equal(pair.client.stats().dropped.get('dtls.malformed'), 3);
  assert.equal(pair.handshake().client.state, 'connected');
});

test('HelloRequest during a handshake is passed over (RFC 5246 7.4.1.1)', () => {
  const pair = new DtlsPair();
  const message = lieOnce(H.serverKeyExchange, 1, (m) => [[H.helloRequest, EMPTY], m]);
  withLies({ message }, () => pair.handshake(2_000));
  // The sender counted it into its transcript and the receiver did not, so only Finished tells them apart.
  assert.equal(endOf(pair, 'server')?.alert, Alert.decryptError);
});
