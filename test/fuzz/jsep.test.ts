import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../support/fuzz.ts';
import { type Description, makeMediaJsep, MEDIA } from '../support/jsep-media.ts';
import { Watched } from '../support/jsep-watched.ts';

// Peers that are well formed and keep to nothing else: they reject and unbundle, change directions, numbers and encodings, stop
// sections and use their places again, and change their mind. Whatever they say, what is held here must fit together.

type Below = (n: number) => number;

const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const;

/** One operation of the application. */
function operate({ jsep }: Watched, below: Below): ReturnType<Parameters<Watched['run']>[0]> {
  const kind = below(2) ? 'audio' : 'video';
  const { transceivers } = jsep;
  const transceiver = transceivers[below(transceivers.length + 1)];
  const direction = DIRECTIONS[below(4)] ?? 'inactive';
  switch (below(7)) {
    case 0:
      return void jsep.addTransceiver(kind, { direction });
    case 1:
      return void jsep.addTransceiver('video', { encodings: [{ rid: 'h' }, { rid: 'l' }] });
    case 2:
      return void jsep.addTrack(kind, 'track', []);
    case 3:
      return transceiver && jsep.stopTransceiver(transceiver.id);
    case 4:
      return transceiver && !transceiver.stopping ? jsep.setDirection(transceiver.id, direction) : undefined;
    case 5:
      return transceiver && jsep.setCodecPreferences(transceiver.id, below(2) ? [] : MEDIA.codecs.filter((codec) => codec.kind === transceiver.kind && below(2)).concat(MEDIA.codecs.filter(({ name }) => name === (transceiver.kind === 'audio' ? 'PCMU' : 'VP8'))));
    default:
      return jsep.addDataChannel();
  }
}

function sectionsOf(sdp: string): string[] {
  return sdp.split(/(?=^m=)/m);
}

function midOf(section: string): string {
  return /a=mid:(\S+)/.exec(section)?.[1] ?? '';
}

function isDead(section: string): boolean {
  return /^m=\S+ 0 /.test(section) && !section.includes('a=bundle-only');
}

/** The group line of what lives, and in an answer of what the offer had in its group (RFC 9143 7.3). */
function grouped([head = '', ...media]: readonly string[], below: Below, isOffered: (mid: string) => boolean = () => true): string {
  const mids = media.filter((section) => !isDead(section)).map(midOf).filter(isOffered);
  if (below(5) === 0) mids.reverse();
  const split = below(10) === 0 && mids.length > 1 ? [mids.slice(0, 1), mids.slice(1)] : [mids];
  const groups = mids.length === 0 || below(10) === 0 ? '' : split.map((group) => `a=group:BUNDLE ${group.join(' ')}\r\n`).join('');
  return [head.replaceAll(/a=group:.*\r\n/g, '').replace('a=ice-options', `${groups}a=ice-options`), ...media].join('');
}

function altered(section: string, below: Below): string {
  let text = section;
  if (below(4) === 0) text = text.replace(/a=(sendrecv|sendonly|recvonly|inactive)\r/, `a=${DIRECTIONS[below(4)]}\r`);
  if (below(6) === 0) text = text.replace(/a=simulcast.*\r\n/, '');
  if (below(6) === 0) text = text.replace(/(a=simulcast:\S+ )(\w)/, '$1~$2');
  if (below(6) === 0) text = text.replaceAll(/a=(msid|ssrc).*\r\n/g, '');
  if (below(8) === 0) text = text.replace(/^(m=\S+ \d+ \S*SAVPF) \S+/, '$1 77');
  if (below(8) === 0) text = text.replaceAll(/a=extmap:(\d)\b/g, (_, id) => `a=extmap:${1 + (Number(id) % 9)}`);
  return text;
}

function rejected(section: string): string {
  return section.replace(/^(m=\S+) \d+/, '$1 0').replace('a=bundle-only\r\n', '');
}

test('A-SDP-04 peers that answer as they like leave nothing that does not fit together', () => {
  let exchanges = 0;
  for (let seed = 1; seed <= 14; seed++) {
    const next = seeded(seed);
    const below = (n: number): number => Math.floor(next() * n);
    const a = new Watched('a', makeMediaJsep('a'), false);
    for (let step = 0; step < 10; step++) {
      for (let i = below(3); i > 0; i--) a.must(() => operate(a, below));
      a.must(() => a.jsep.setLocalDescription());
      const b = makeMediaJsep('b');
      if (below(2)) b.addTrack('video', 'x', ['s']);
      b.setRemoteDescription(a.jsep.localDescription as Description);
      const bundled = /a=group:BUNDLE (.*)\r/.exec(a.jsep.localDescription?.sdp ?? '')?.[1]?.split(' ') ?? [];
      const [head = '', ...media] = sectionsOf(b.createAnswer().sdp);
      const sdp = grouped([head, ...media.map((section) => (below(5) === 0 ? rejected(section) : altered(section, below)))], below, (mid) => bundled.includes(mid));
      if (below(5) === 0) a.must(() => a.jsep.setRemoteDescription({ type: 'pranswer', sdp }));
      a.must(() => a.jsep.setRemoteDescription({ type: 'answer', sdp }));
      assert.equal(a.jsep.signalingState, 'stable');
      exchanges++;
    }
  }
  assert.equal(exchanges, 140);
});

test('A-SDP-04 peers that offer as they like, and change their mind, leave nothing that does not fit together', () => {
  let answered = 0;
  for (let seed = 1; seed <= 14; seed++) {
    const next = seeded(seed);
    const below = (n: number): number => Math.floor(next() * n);
    const peer = makeMediaJsep('c');
    peer.addTransceiver('audio');
    peer.addTransceiver('video');
    peer.addTransceiver('video', { encodings: [{ rid: 'h' }, { rid: 'l' }] });
    peer.addDataChannel();
    const first = peer.createOffer().sdp;
    const [, ...models] = sectionsOf(first);
    let made = 0;
    const fresh = (model: string | undefined): string => (model ?? '').replace(/a=mid:\S+/, `a=mid:new${++made}`);
    const b = new Watched('b', makeMediaJsep('b', below(2) ? {} : { media: { ...MEDIA, codecs: MEDIA.codecs.filter(({ kind, name }) => kind === 'video' || name === 'opus') } }), false);
    let sdp = first;
    for (let step = 0; step < 12; step++) {
      for (let i = below(3); i > 0; i--) b.must(() => operate(b, below));
      if (below(4) === 0) b.must(() => b.jsep.setLocalDescription());
      const [head = '', ...media] = sectionsOf(sdp);
      const changed = media.map((section) => (isDead(section) ? (below(2) ? section : fresh(models[below(models.length)])) : below(6) === 0 ? rejected(section) : altered(section, below)));
      if (below(3) === 0) changed.push(fresh(models[below(models.length)]));
      const offer = grouped([head, ...changed], below);
      b.must(() => b.jsep.setRemoteDescription({ type: 'offer', sdp: offer }));
      if (below(4) === 0) {
        b.must(() => b.jsep.setRemoteDescription({ type: 'rollback' }));
        continue;
      }
      if (below(4) === 0) b.must(() => b.jsep.setLocalDescription({ type: 'pranswer' }));
      b.must(() => b.jsep.setLocalDescription({ type: 'answer' }));
      b.must(() => void b.jsep.createOffer());
      sdp = offer;
      answered++;
    }
  }
  assert.ok(answered > 80, String(answered));
});
