import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Environment } from '../../../src/core/index.ts';
import { reproducibleCrypto } from '../../../src/crypto/reproducible.ts';
import type { PeerConfig } from '../../../src/peer/index.ts';
import { DataTransport, sctpInitConfig } from '../../../src/peer/data-transport.ts';
import { makeInit } from '../../../src/sctp/index.ts';
import { seededRandom } from '../../support/fuzz.ts';

const CONFIG: PeerConfig = { iceServers: [], iceTransportPolicy: 'all', bundlePolicy: 'balanced', certificates: [] };

const ABORT = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 4);
const chunkOf = (packet: Uint8Array): number => packet[12]!;
const INIT = 1;

/** Two ends whose INIT chunks stood in their descriptions, or only ours. */
function pair(bothSignalled: boolean) {
  const environments = [1, 2].map((seed): Environment => ({ crypto: reproducibleCrypto, random: seededRandom(seed), unixOffsetMs: 0 }));
  const inits = environments.map(({ random }) => makeInit(sctpInitConfig(CONFIG), random));
  const ends = environments.map((environment) => new DataTransport(CONFIG, environment)) as [DataTransport, DataTransport];
  ends.forEach((end, i) => {
    const [local, remote] = [inits[i]!, inits[1 - i]!];
    const signalled = bothSignalled ? { local, remote } : i === 0 ? { local, remote: undefined } : undefined;
    end.setParameters({ localPort: 5000, remotePort: 5000, remoteMaxMessageSizeBytes: 262_144, inits: signalled });
  });
  const packets: Uint8Array[] = [];
  const exchange = (): void => {
    for (let moved = true; moved; ) {
      moved = false;
      for (const [i, end] of ends.entries()) {
        for (let packet = end.pollWrite(); packet; packet = end.pollWrite()) {
          packets.push(packet.slice());
          ends[1 - i]!.handleRead(packet.slice(), 0);
          moved = true;
        }
      }
    }
  };
  return { ends, packets, exchange };
}

for (const bothSignalled of [true, false]) {
  test(`an association that follows another is made by its own handshake, whatever INIT the descriptions bear (${bothSignalled ? 'both' : 'ours alone'})`, () => {
    const { ends, packets, exchange } = pair(bothSignalled);
    const [a, b] = ends;
    const channel = a.open({ label: 'test', protocol: '', ordered: true, negotiated: false }, 0);
    a.start('client', 0);
    b.start('server', 0);
    exchange();
    assert.equal(channel.state, 'open');
    const [first] = packets.filter((packet) => chunkOf(packet) === INIT).map((packet) => packet.slice(16, 20).join());
    assert.equal(first === undefined, bothSignalled);
    packets.length = 0;
    for (const end of ends) {
      end.setMayMove(true, 0);
      end.handleRead(ABORT.slice(), 0);
    }
    a.handleWrite({ channel, binary: false, data: Uint8Array.of(65) }, 0);
    for (const end of ends) end.moved(0);
    exchange();
    const tags = packets.filter((packet) => chunkOf(packet) === INIT).map((packet) => packet.slice(16, 20).join());
    assert.ok(tags.length >= 1 && !tags.includes(first ?? ''), 'another association has other tags (RFC 9260 5.3.1)');
    assert.deepEqual(b.channels.pollRead()?.data, Uint8Array.of(65));
    assert.equal(channel.state, 'open');
  });
}
