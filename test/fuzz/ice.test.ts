import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError, RtcError } from '../../src/core/index.ts';
import { formatCandidate, type IceCandidate, parseCandidate } from '../../src/ice/index.ts';
import { fuzzDecoder, mutations } from '../support/fuzz.ts';
import { at, forgeCheck, forgeSuccess, hostCandidate, IceWorld } from '../support/ice.ts';
import { loadVectors } from '../support/vectors.ts';

const encoder = new TextEncoder();

test('the candidate parser survives prefixes, bit flips and 100,000 mutations with its typed error only', () => {
  const lines: string[] = loadVectors('ice.json').candidateLines.map((v: { line: string }) => v.line);
  let parsed = 0;
  const parse = (bytes: Uint8Array): void => {
    let candidate: IceCandidate;
    try {
      candidate = parseCandidate(String.fromCharCode(...bytes));
    } catch (error) {
      if (error instanceof RtcError && error.code === 'ERR_SDP_SYNTAX') throw new DecodeError('candidate', error.message);
      throw error;
    }
    parsed++;
    assert.deepEqual(parseCandidate(formatCandidate(candidate)), candidate);
  };
  assert.ok(fuzzDecoder(parse, lines.map((line) => encoder.encode(line)), 100_000, 8839) > 100_000);
  assert.ok(parsed > 1000, `${parsed}`);
});

test('A-JS-11 long lines are parsed or refused in no time', () => {
  const start = process.hrtime.bigint();
  for (const piece of ['a', ' ', '1', ':', ';', 'a ', '1.', ':0']) {
    for (const line of [piece.repeat(65_536 / piece.length), `candidate:1 1 udp 1 ${piece.repeat(900 / piece.length)} 9 typ host`]) {
      try {
        parseCandidate(line);
      } catch (error) {
        assert.ok(error instanceof RtcError);
      }
    }
  }
  assert.ok(Number(process.hrtime.bigint() - start) / 1e6 < 200);
});

test('an agent survives mutated datagrams from its peer, and only counts them', () => {
  const world = new IceWorld(1);
  const host = world.host('b', true);
  world.bind(host, hostCandidate('192.0.2.2:6000'));
  host.agent.setRemoteCredentials({ usernameFragment: 'peer', password: 'p'.repeat(22) }, 0);
  host.agent.addRemoteCandidate(hostCandidate('192.0.2.1:5000'), 0);
  const request = host.agent.pollWrite()?.bytes as Uint8Array;
  const seeds = [forgeCheck(host, 'peer'), forgeSuccess(request, 'x'.repeat(22), at('192.0.2.2:6000'))];
  let seen = 0;
  for (const bytes of mutations(seeds, 20_000, 8445)) {
    world.inject(host, { bytes, local: at('192.0.2.2:6000'), remote: at('192.0.2.1:5000') });
    seen++;
  }
  const dropped = [...host.agent.stats().counters.values()].reduce((a, b) => a + b, 0);
  assert.ok(dropped > seen / 2);
  assert.equal(host.agent.selectedPair, undefined);
});
