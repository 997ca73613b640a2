import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import {
  bundleGroupsOf,
  candidateLinesOf,
  codecsOf,
  dataSectionOf,
  directionOf,
  extensionsOf,
  fingerprintsOf,
  hasEndOfCandidates,
  iceCredentialsOf,
  iceOptionsOf,
  midOf,
  originOf,
  parseSdp,
  setupOf,
} from '../../../src/sdp/index.ts';
import { recordedOffers } from '../../support/jsep.ts';

// An independent parser reads the same text, and both must have seen the same.
const oracle = createRequire(import.meta.url)('sdp-transform') as { parse(text: string): any };

const text = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));

for (const [peer, sdp] of recordedOffers()) {
  test(`an independent parser sees the same in the offer of ${peer}`, () => {
    const ours = parseSdp(sdp);
    const theirs = oracle.parse(sdp);
    const origin = originOf(ours);
    assert.deepEqual([origin.username, origin.sessionId, origin.sessionVersion], [theirs.origin.username, text(theirs.origin.sessionId), text(theirs.origin.sessionVersion)]);
    assert.deepEqual(bundleGroupsOf(ours), (theirs.groups ?? []).map((group: any) => String(group.mids).split(' ')));
    assert.equal(ours.media.length, theirs.media.length);
    ours.media.forEach((section, i) => {
      const media = theirs.media[i];
      assert.deepEqual([section.kind, section.port, section.protocol, section.formats.join(' ')], [media.type, media.port, media.protocol, String(media.payloads)]);
      assert.equal(midOf(section), text(media.mid));
      assert.deepEqual(iceCredentialsOf(ours, section), { usernameFragment: text(media.iceUfrag ?? theirs.iceUfrag), password: text(media.icePwd ?? theirs.icePwd) });
      assert.equal([...iceOptionsOf(ours, section)].join(','), String(media.iceOptions ?? theirs.iceOptions ?? '').replaceAll(' ', ','));
      const print = media.fingerprint ?? theirs.fingerprint;
      assert.deepEqual(fingerprintsOf(ours, section), [{ algorithm: print.type, value: print.hash }]);
      assert.equal(setupOf(ours, section), media.setup ?? theirs.setup);
      assert.equal(directionOf(ours, section), media.direction ?? theirs.direction ?? 'sendrecv');
      assert.equal(candidateLinesOf(section).length, (media.candidates ?? []).length);
      assert.equal(hasEndOfCandidates(ours, section), media.endOfCandidates !== undefined);
    });
  });

  test(`an independent parser sees the same codecs and data parameters in the offer of ${peer}`, () => {
    const ours = parseSdp(sdp);
    const theirs = oracle.parse(sdp);
    ours.media.forEach((section, i) => {
      const media = theirs.media[i];
      if (section.kind === 'application') {
        const data = dataSectionOf(section);
        assert.equal(data?.sctpPort, media.sctpPort ?? media.sctpmap?.sctpmapNumber);
        assert.equal(data?.maxMessageSizeBytes, media.maxMessageSize ?? 65_536);
        return;
      }
      for (const codec of codecsOf(section)) {
        const rtp = media.rtp.find((entry: any) => entry.payload === codec.payloadType);
        assert.deepEqual([codec.name, codec.clockRateHz, codec.channels], [rtp?.codec, rtp?.rate, rtp?.encoding === undefined ? undefined : Number(rtp.encoding)]);
        const fmtp = media.fmtp.find((entry: any) => entry.payload === codec.payloadType);
        const joined = [...codec.parameters].map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join(';');
        assert.equal(joined, (fmtp?.config ?? '').replaceAll('; ', ';'));
        const feedback = (media.rtcpFb ?? []).filter((entry: any) => entry.payload === codec.payloadType);
        assert.deepEqual(codec.feedback, feedback.map((entry: any) => (entry.subtype ? `${entry.type} ${entry.subtype}` : entry.type)));
      }
      assert.deepEqual(extensionsOf(section).map(({ id, uri }) => [id, uri]), (media.ext ?? []).map((entry: any) => [entry.value, entry.uri]));
    });
  });
}
