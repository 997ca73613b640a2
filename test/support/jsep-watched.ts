import assert from 'node:assert/strict';
import { RtcError } from '../../src/core/index.ts';
import { bundleGroupsOf, codecsOf, extensionsOf, isRejected, midOf, parseSdp, serializeSdp } from '../../src/sdp/index.ts';
import { snapshot } from './jsep.ts';
import type { TransportEffect } from '../../src/peer/jsep/index.ts';
import type { Description, Jsep, JsepEffect, MediaAgreement } from './jsep-media.ts';

/** A machine and a small model of what is above it, kept from the effects alone; every operation is checked against it. */
export class Watched {
  readonly jsep: Jsep;
  readonly name: string;
  agreements: readonly MediaAgreement[] = [];
  /** Transceivers whose remote track was announced and is not muted. */
  readonly announced: Set<number> = new Set();
  readonly stopped: Set<number> = new Set();
  readonly known: Set<number> = new Set();
  hasTransport = false;
  /** Of the group in force, for as long as its transport lives. */
  #tag: string | undefined;
  hasAssociation = false;
  /** Transports besides the first, and whether offer and answer have met there. */
  readonly branches: Map<number, boolean> = new Map();
  #carrier = 0;
  /** The peer keeps the rules: payload types and ids have one meaning, and everything is bundled. */
  readonly #isByTheBook: boolean;
  #checked = '';
  /** What payload types meant in descriptions that were agreed upon. */
  readonly meanings: Map<number, string> = new Map();

  /** What becomes of descriptions on their way to it. */
  readonly rewrite: (sdp: string) => string;

  constructor(name: string, jsep: Jsep, isByTheBook = true, rewrite: (sdp: string) => string = (sdp) => sdp) {
    this.name = name;
    this.jsep = jsep;
    this.#isByTheBook = isByTheBook;
    this.rewrite = rewrite;
  }

  seen(): object {
    return { ...snapshot(this.jsep), transceivers: this.jsep.transceivers };
  }

  /** Runs an operation: it works and its effects are taken, or it fails and changes nothing. */
  run(operation: () => { effects: readonly JsepEffect[] } | void): RtcError | undefined {
    const before = this.seen();
    let effects: readonly JsepEffect[];
    try {
      effects = operation()?.effects ?? [];
    } catch (error) {
      assert.ok(error instanceof RtcError, error instanceof Error ? error.stack : String(error));
      assert.deepEqual(this.seen(), before);
      return error;
    }
    for (const effect of effects) this.#take(effect);
    for (const { id } of this.jsep.transceivers) this.known.add(id);
    this.#check();
    return undefined;
  }

  /** A description of the other one as it comes. */
  hears(description: Description | null): Description {
    assert.ok(description);
    return { ...description, sdp: this.rewrite(description.sdp) };
  }

  must(operation: () => { effects: readonly JsepEffect[] } | void): void {
    assert.equal(this.run(operation)?.message, undefined);
  }

  #take(effect: JsepEffect): void {
    switch (effect.type) {
      case 'media':
        assert.notDeepEqual(effect.agreements, this.agreements, 'told only when it changed');
        this.agreements = effect.agreements;
        break;
      case 'transceiver-added':
        assert.ok(!this.known.has(effect.transceiver.id), 'a new one has a new id');
        break;
      case 'track':
        assert.ok(!this.announced.has(effect.transceiver) && !this.stopped.has(effect.transceiver));
        this.announced.add(effect.transceiver);
        break;
      case 'track-removed':
        assert.ok(this.announced.delete(effect.transceiver), 'only a track that was announced is muted');
        break;
      case 'transceiver-stopped':
        assert.ok(!this.stopped.has(effect.transceiver));
        this.stopped.add(effect.transceiver);
        this.announced.delete(effect.transceiver);
        break;
      case 'transport':
        assert.ok(!this.hasTransport);
        this.hasTransport = true;
        break;
      case 'transport-closed':
        assert.ok(!this.hasAssociation || this.#carrier !== 0, 'the association ends first');
        this.hasTransport = false;
        this.#tag = undefined;
        break;
      case 'sctp':
        assert.ok(effect.transport === 0 ? this.hasTransport : this.branches.get(effect.transport) === true);
        assert.ok(!this.hasAssociation || this.#carrier === effect.transport, 'an association stays on its transport');
        this.#carrier = effect.transport;
        this.hasAssociation = true;
        break;
      case 'branch':
        this.#takeBranch(effect.id, effect.effect);
        break;
      case 'sctp-rejected':
        this.hasAssociation = false;
        break;
      default:
        break;
    }
  }

  #takeBranch(id: number, effect: TransportEffect): void {
    if (effect.type === 'gather') {
      assert.ok(!this.branches.has(id), 'it begins once');
      this.branches.set(id, false);
      return;
    }
    assert.ok(this.branches.has(id), `${effect.type} of a transport that there is`);
    if (effect.type === 'transport') {
      assert.equal(this.branches.get(id), false);
      this.branches.set(id, true);
    } else if (effect.type === 'transport-closed') this.branches.delete(id);
  }

  #check(): void {
    const { transceivers } = this.jsep;
    const mids = transceivers.flatMap(({ mid }) => mid ?? []);
    assert.equal(new Set(mids).size, mids.length, 'no two have one section');
    for (const agreement of this.agreements) {
      const transceiver = transceivers.find(({ id }) => id === agreement.transceiver);
      assert.ok(transceiver && !this.stopped.has(agreement.transceiver), 'what is agreed upon is alive');
      assert.deepEqual([transceiver.mid, transceiver.currentDirection], [agreement.mid, agreement.direction]);
      assert.ok(agreement.transport === 0 ? this.hasTransport : this.branches.get(agreement.transport) === true, 'it has a transport');
      const isSending = agreement.direction === 'sendrecv' || agreement.direction === 'sendonly';
      assert.equal(agreement.sendEncodings.length > 0, isSending);
    }
    assert.equal(this.jsep.currentLocalDescription === null, this.jsep.currentRemoteDescription === null);
    const local = this.jsep.localDescription;
    if (local && local.sdp !== this.#checked) checkText(local, this.#isByTheBook);
    this.#checked = local?.sdp ?? '';
  }

  /** A payload type means one thing for as long as the connection lives, and no offer moves the tag of a transport that lives (RFC 9143 7.4). */
  remember(): void {
    const [local, remote] = [this.jsep.currentLocalDescription, this.jsep.currentRemoteDescription];
    const [offer, answer] = local?.type === 'offer' ? [local, remote] : [remote, local];
    if (this.#isByTheBook && this.#tag !== undefined) assert.equal(tagOf(offer), this.#tag);
    this.#tag = tagOf(answer);
    const theirs = parseSdp(remote?.sdp ?? EMPTY).media;
    for (const [i, section] of parseSdp(local?.sdp ?? EMPTY).media.entries()) {
      const other = theirs[i];
      if (isRejected(section) || other === undefined || isRejected(other) || section.kind === 'application') continue;
      for (const { payloadType, name, clockRateHz } of codecsOf(section)) {
        const meaning = `${name} ${clockRateHz}`.toLowerCase();
        assert.equal(this.meanings.get(payloadType) ?? meaning, meaning, `payload type ${payloadType}`);
        this.meanings.set(payloadType, meaning);
      }
    }
  }
}

/** The first section of the first group. */
export function tagOf(description: Description | null): string | undefined {
  return bundleGroupsOf(parseSdp(description?.sdp ?? EMPTY))[0]?.[0];
}

/** A description without sections. */
export const EMPTY = 'v=0\no=- 0 0 IN IP4 0.0.0.0\ns=-\nt=0 0\n';

/** Within a bundle a payload type and an id have one meaning (RFC 9143 9.1.1, RFC 8285 6); groups name what lives. */
function checkText({ sdp }: Description, isByTheBook: boolean): void {
  const parsed = parseSdp(sdp);
  assert.equal(serializeSdp(parsed), sdp);
  const live = parsed.media.filter((section) => !isRejected(section)).map((section) => midOf(section) ?? '');
  const grouped = bundleGroupsOf(parsed).flat();
  assert.ok(new Set(grouped).size === grouped.length && grouped.every((mid) => live.includes(mid)));
  if (!isByTheBook) return;
  assert.equal(grouped.length, live.length);
  const types = new Map<number, string>();
  const ids = new Map<number, string>();
  for (const section of parsed.media) {
    if (isRejected(section) || section.kind === 'application') continue;
    assert.equal(new Set(section.formats).size, section.formats.length);
    for (const { payloadType, name, parameters } of codecsOf(section)) {
      const meaning = `${section.kind} ${name} ${[...parameters].join(';')}`;
      assert.equal(types.get(payloadType) ?? meaning, meaning, `payload type ${payloadType}`);
      types.set(payloadType, meaning);
    }
    for (const { id, uri } of extensionsOf(section)) {
      assert.equal(ids.get(id) ?? uri, uri, `extension ${id}`);
      ids.set(id, uri);
    }
  }
}
