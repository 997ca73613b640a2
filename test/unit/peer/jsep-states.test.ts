import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DescriptionInit } from '../../../src/peer/jsep/index.ts';
import { type Description, edit, type Jsep, makeJsep, negotiate, only, refuses } from '../../support/jsep.ts';

function pair(): { a: Jsep; b: Jsep } {
  const a = makeJsep('a');
  a.addDataChannel();
  return { a, b: makeJsep('b') };
}

function offered(): { a: Jsep; b: Jsep } {
  const { a, b } = pair();
  a.setLocalDescription();
  b.setRemoteDescription(a.localDescription as Description);
  return { a, b };
}

const IN_STATE: Readonly<Record<string, () => { jsep: Jsep; peer: Jsep }>> = {
  stable: () => {
    const { a, b } = pair();
    return { jsep: a, peer: b };
  },
  'have-local-offer': () => {
    const { a, b } = offered();
    return { jsep: a, peer: b };
  },
  'have-remote-offer': () => {
    const { a, b } = offered();
    return { jsep: b, peer: a };
  },
  'have-local-pranswer': () => {
    const { a, b } = offered();
    b.setLocalDescription({ type: 'pranswer' });
    return { jsep: b, peer: a };
  },
  'have-remote-pranswer': () => {
    const { a, b } = offered();
    b.setLocalDescription({ type: 'pranswer' });
    a.setRemoteDescription(b.localDescription as Description);
    return { jsep: a, peer: b };
  },
};

// W3C WebRTC 4.3.1: what may be set from where, and where it leads.
const TRANSITIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  stable: { 'local offer': 'have-local-offer', 'remote offer': 'have-remote-offer' },
  'have-local-offer': {
    'local offer': 'have-local-offer',
    'remote offer': 'have-remote-offer',
    'remote answer': 'stable',
    'remote pranswer': 'have-remote-pranswer',
    'local rollback': 'stable',
    'remote rollback': 'stable',
  },
  'have-remote-offer': {
    'remote offer': 'have-remote-offer',
    'local answer': 'stable',
    'local pranswer': 'have-local-pranswer',
    'local rollback': 'stable',
    'remote rollback': 'stable',
  },
  'have-local-pranswer': { 'local answer': 'stable', 'local pranswer': 'have-local-pranswer' },
  'have-remote-pranswer': { 'remote answer': 'stable', 'remote pranswer': 'have-remote-pranswer' },
};

/** An SDP of this type that would fit if the state did. */
function remoteSdp(type: string, peer: Jsep): string {
  if (type === 'offer') {
    const other = makeJsep('c');
    other.addDataChannel();
    return other.createOffer().sdp;
  }
  if (peer.signalingState === 'have-remote-offer') return peer.createAnswer().sdp;
  return peer.localDescription?.sdp ?? '';
}

for (const [state, make] of Object.entries(IN_STATE)) {
  for (const side of ['local', 'remote'] as const) {
    for (const type of ['offer', 'answer', 'pranswer', 'rollback'] as const) {
      const to = TRANSITIONS[state]?.[`${side} ${type}`];
      test(`a ${side} ${type} in ${state} ${to ? `leads to ${to}` : 'is refused'} (W3C WebRTC 4.3.1)`, () => {
        const { jsep, peer } = make();
        assert.equal(jsep.signalingState, state);
        const init: DescriptionInit = type === 'rollback' ? { type } : side === 'local' ? { type } : { type, sdp: remoteSdp(type, peer) };
        const set = (): void => void (side === 'local' ? jsep.setLocalDescription(init) : jsep.setRemoteDescription(init));
        if (to === undefined) return refuses(jsep, 'ERR_INVALID_STATE', set);
        set();
        assert.equal(jsep.signalingState, to);
      });
    }
  }

  test(`createOffer and createAnswer in ${state} (W3C WebRTC 4.4.1.6)`, () => {
    const { jsep } = make();
    if (state === 'stable' || state === 'have-local-offer') assert.equal(jsep.createOffer().type, 'offer');
    else refuses(jsep, 'ERR_INVALID_STATE', () => jsep.createOffer());
    if (state === 'have-remote-offer' || state === 'have-local-pranswer') assert.equal(jsep.createAnswer().type, 'answer');
    else refuses(jsep, 'ERR_INVALID_STATE', () => jsep.createAnswer());
  });
}

test('only the description that was created last can be set (W3C WebRTC 4.4.1.5)', () => {
  const { a, b } = pair();
  refuses(a, 'ERR_INVALID_MODIFICATION', () => a.setLocalDescription({ type: 'offer', sdp: b.createOffer().sdp }));
  const offer = a.createOffer();
  refuses(a, 'ERR_INVALID_MODIFICATION', () => a.setLocalDescription(edit(offer, ['a=setup:actpass', 'a=setup:active'])));
  a.setLocalDescription(offer);
  b.setRemoteDescription(offer);
  const answer = b.createAnswer();
  refuses(b, 'ERR_INVALID_MODIFICATION', () => b.setLocalDescription(edit(answer, ['a=setup:active', 'a=setup:passive'])));
  b.setLocalDescription(answer);
  a.setRemoteDescription(answer);
  // What was made before the exchange ended is stale.
  refuses(a, 'ERR_INVALID_MODIFICATION', () => a.setLocalDescription(offer));
});

test('an answer that was created before the offer changed is stale', () => {
  const { b } = offered();
  const answer = b.createAnswer();
  const other = makeJsep('c');
  other.addDataChannel();
  b.setRemoteDescription(other.createOffer());
  refuses(b, 'ERR_INVALID_MODIFICATION', () => b.setLocalDescription(answer));
});

test('createOffer says the same until something changes, and raises the version when it does (RFC 9429 5.2.2)', () => {
  const { a, b } = pair();
  const first = a.createOffer();
  assert.deepEqual(a.createOffer(), first);
  negotiate(a, b);
  const again = a.createOffer();
  assert.equal(again.sdp, first.sdp);
  const restart = a.createOffer({ iceRestart: true });
  const [, version1] = first.sdp.split('\r\n', 2) as [string, string];
  const [, version2] = restart.sdp.split('\r\n', 2) as [string, string];
  assert.equal(version1.split(' ')[1], version2.split(' ')[1]);
  assert.deepEqual([version1.split(' ')[2], version2.split(' ')[2]], ['1', '2']);
});

test('arguments of the wrong type are refused', () => {
  const { a } = offered();
  const wrong = [{ type: 'offers' }, { type: 5 }, { type: 'answer', sdp: 5 }] as unknown as DescriptionInit[];
  for (const init of wrong) {
    refuses(a, 'ERR_INVALID_ARGUMENT', () => a.setRemoteDescription(init));
    refuses(a, 'ERR_INVALID_ARGUMENT', () => a.setLocalDescription(init));
  }
  refuses(a, 'ERR_INVALID_ARGUMENT', () => a.setRemoteDescription(undefined as unknown as DescriptionInit));
  refuses(a, 'ERR_SDP_SYNTAX', () => a.setRemoteDescription({ type: 'answer', sdp: 'hello' }));
  refuses(a, 'ERR_SDP_SYNTAX', () => a.setRemoteDescription({ type: 'answer' }));
});

test('rollback of the first offer lets its agent go, and the next offer is a new one (RFC 9429 4.1.10.2)', () => {
  const { a, b } = offered();
  assert.deepEqual(a.setLocalDescription({ type: 'rollback' }).effects, [
    { type: 'ice-rollback', credentials: undefined },
    { type: 'signaling-state', state: 'stable' },
  ]);
  assert.deepEqual([a.localDescription, a.negotiationNeeded], [null, true]);
  assert.deepEqual(b.setRemoteDescription({ type: 'rollback' }).effects, [{ type: 'signaling-state', state: 'stable' }]);
  assert.deepEqual([b.remoteDescription, b.negotiationNeeded], [null, false]);
  const effects = negotiate(a, b);
  assert.equal(only(effects.offerer, 'gather')[0]?.credentials.usernameFragment, 'aaaa0002');
});

test('glare: an offer that meets ours rolls ours back in one step (W3C WebRTC 4.4.1.5)', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  a.addDataChannel();
  b.addDataChannel();
  a.setLocalDescription();
  b.setLocalDescription();
  const { effects } = a.setRemoteDescription(b.localDescription as Description);
  assert.deepEqual(effects, [
    { type: 'ice-rollback', credentials: undefined },
    { type: 'signaling-state', state: 'have-remote-offer' },
  ]);
  const answered = a.setLocalDescription().effects;
  assert.deepEqual(only(answered, 'gather').map(({ controlling }) => controlling), [false]);
  b.setRemoteDescription(a.localDescription as Description);
  assert.deepEqual([a.negotiationNeeded, b.negotiationNeeded, a.signalingState, b.signalingState], [false, false, 'stable', 'stable']);
});

test('an offer that is refused in glare leaves our own offer in place', () => {
  const { a } = offered();
  refuses(a, 'ERR_SDP_SYNTAX', () => a.setRemoteDescription({ type: 'offer', sdp: 'v=1' }));
  assert.equal(a.signalingState, 'have-local-offer');
});

test('a provisional answer starts the transport, and the final one adds nothing to it (RFC 9429 4.1.10.1)', () => {
  const { a, b } = offered();
  const provisional = b.setLocalDescription({ type: 'pranswer' }).effects;
  assert.deepEqual(provisional.map(({ type }) => type), ['gather', 'transport', 'remote-ice', 'sctp', 'signaling-state']);
  assert.equal(b.currentLocalDescription, null);
  assert.equal(b.pendingLocalDescription?.type, 'pranswer');
  assert.deepEqual(a.setRemoteDescription(b.localDescription as Description).effects.map(({ type }) => type), ['transport', 'remote-ice', 'sctp', 'signaling-state']);
  assert.deepEqual(b.setLocalDescription({ type: 'answer' }).effects, [{ type: 'signaling-state', state: 'stable' }]);
  assert.deepEqual(a.setRemoteDescription(b.localDescription as Description).effects, [{ type: 'signaling-state', state: 'stable' }]);
  assert.equal(a.currentRemoteDescription?.type, 'answer');
});

test('negotiation is needed for the first channel and for an ICE restart, and for nothing else (W3C WebRTC 4.7.3)', () => {
  const { a, b } = pair();
  assert.deepEqual([a.negotiationNeeded, b.negotiationNeeded], [true, false]);
  b.restartIce();
  assert.equal(b.negotiationNeeded, false);
  negotiate(a, b);
  b.addDataChannel();
  assert.deepEqual([a.negotiationNeeded, b.negotiationNeeded], [false, false]);
  b.restartIce();
  assert.equal(b.negotiationNeeded, true);
  negotiate(b, a);
  assert.equal(b.negotiationNeeded, false);
});

test('a description without sections can be exchanged, and data joins later', () => {
  const a = makeJsep('a');
  const b = makeJsep('b');
  assert.deepEqual(negotiate(a, b).offerer.map(({ type }) => type), ['signaling-state', 'signaling-state']);
  b.addDataChannel();
  assert.equal(b.negotiationNeeded, true);
  negotiate(a, b);
  assert.equal(b.negotiationNeeded, true);
  assert.equal(only(negotiate(b, a).answerer, 'sctp').length, 1);
  assert.equal(b.negotiationNeeded, false);
});
