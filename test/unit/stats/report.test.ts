import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counters } from '../../../src/core/index.ts';
import { dropStats, type RtcStats, StatsReport } from '../../../src/stats/index.ts';

const connection: RtcStats = { id: 'P', timestamp: 1, type: 'peer-connection', dataChannelsOpened: 2, dataChannelsClosed: 1 };
const candidate = (id: string, type: 'local-candidate' | 'remote-candidate'): RtcStats => ({
  id, timestamp: 1, type, transportId: 'T', address: '192.0.2.1', port: 9, protocol: 'udp', candidateType: 'host', priority: 1, foundation: 'a',
});

test('a report is read like a Map, in the order its entries were added', () => {
  const report = new StatsReport([connection, candidate('L', 'local-candidate'), candidate('R', 'remote-candidate')]);
  assert.equal(report.size, 3);
  assert.equal(report.get('P'), connection);
  assert.equal(report.has('X'), false);
  assert.equal(report.get('X'), undefined);
  assert.deepEqual([...report.keys()], ['P', 'L', 'R']);
  assert.deepEqual([...report].map(([id, entry]) => [id, entry.type]), [['P', 'peer-connection'], ['L', 'local-candidate'], ['R', 'remote-candidate']]);
  assert.deepEqual([...report.values()], [...report.entries()].map(([, entry]) => entry));
  const seen: string[] = [];
  report.forEach((entry, id, whole) => {
    assert.equal(whole.get(id), entry);
    seen.push(id);
  });
  assert.deepEqual(seen, ['P', 'L', 'R']);
  assert.equal(JSON.parse(JSON.stringify(report))[0].dataChannelsOpened, 2);
});

test('byType finds the entries of a type and narrows them', () => {
  const report = new StatsReport([connection, candidate('L', 'local-candidate'), candidate('R', 'remote-candidate')]);
  assert.deepEqual(report.byType('remote-candidate').map((entry) => entry.port), [9]);
  assert.equal(report.byType('peer-connection')[0]?.dataChannelsClosed, 1);
  assert.deepEqual(report.byType('certificate'), []);
});

test('drop counters of several machines are added up by name, and those that never rose are left out', () => {
  const dtls = new Counters();
  dtls.add('dtls.replay', 3);
  const drops = dropStats('D', 5, [dtls, new Map([['dtls.replay', 2], ['ice.foreign', 1], ['sctp.never', 0]])]);
  assert.deepEqual(drops, { id: 'D', timestamp: 5, type: 'sansrtc-drops', counters: { 'dtls.replay': 5, 'ice.foreign': 1 } });
});

test('A-JS-02 a counter named like a prototype property stays a counter', () => {
  const { counters } = dropStats('D', 0, [new Map([['__proto__', 1]])]);
  assert.deepEqual(Object.keys(counters), ['__proto__']);
  assert.equal(Object.getPrototypeOf(counters), Object.prototype);
});
