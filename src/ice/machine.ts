import {
  type Datagram,
  type Deadline,
  DecodeError,
  type Environment,
  type Instant,
  type Protocol,
  sameAddress,
  type TransportAddress,
} from '../core/index.ts';
import { decodeStun, StunClass, type StunMessage, StunMethod } from '../stun/index.ts';
import type { IceCandidate, LocalCandidate } from './candidate.ts';
import type { IceConfig } from './config.ts';
import { Context } from './context.ts';
import type { IceCredentials } from './credentials.ts';
import type { IceConnectionState, IceEvent, IceFailure } from './events.ts';
import { Generation } from './generation.ts';
import { onRequest, replayEarly } from './incoming.ts';
import { applyPending, checkAnew, considerNomination, onValid } from './nomination.ts';
import { onResponse, onTimedOut } from './outgoing.ts';
import type { IcePair } from './pair.ts';
import { addLocal, addRemote, dropBase, dropForeign } from './pairing.ts';
import type { IceStats } from './stats.ts';

type Timer = 'check' | 'nomination' | 'switch' | 'consent' | 'patience';

/**
 * An ICE agent for one stream and one component (RFC 8445, 8838, 7675). It takes STUN datagrams and candidates, and gives
 * STUN datagrams and the pair to use.
 *
 * @example
 * const agent = new IceAgent({ controlling: true, credentials: generateIceCredentials(random) }, environment);
 * agent.addLocalCandidate(host, now);
 * agent.setRemoteCredentials(remote.credentials, now);
 * for (const candidate of remote.candidates) agent.addRemoteCandidate(candidate, now);
 */
export class IceAgent implements Protocol<Datagram, never, never, Datagram, never, IceEvent> {
  readonly #context: Context;
  #deadline: Deadline | undefined;
  #state: IceConnectionState = 'new';
  /** The socket of the selected pair went away, and no other pair took its place. */
  #lost = false;

  /** Takes the role, our credentials and limits; see {@link IceConfig}. */
  constructor(config: IceConfig, environment: Environment) {
    this.#context = new Context(config, environment);
  }

  /** How the connection stands. */
  get state(): IceConnectionState {
    return this.#state;
  }

  /** Whether we choose the pair. */
  get controlling(): boolean {
    return this.#context.role.controlling;
  }

  /** The pair that carries data; `undefined` before one works and after failure. */
  get selectedPair(): IcePair | undefined {
    return this.#context.selection.pair;
  }

  /** The pairs of the present generation, best first. */
  get pairs(): readonly IcePair[] {
    return this.#context.current.checklist.pairs;
  }

  /** Ours, of the present generation; those that the peer's answers taught us among them. */
  get localCandidates(): readonly LocalCandidate[] {
    return this.#context.current.locals;
  }

  /** What signalling brought and then what checks brought. */
  get remoteCandidates(): readonly IceCandidate[] {
    const { remotes, reflexive } = this.#context.current;
    return [...remotes, ...reflexive];
  }

  /** Adds a candidate of ours; a known one is ignored. */
  addLocalCandidate(candidate: LocalCandidate, now: Instant): void {
    if (this.#over) return;
    addLocal(this.#context, candidate);
    replayEarly(this.#context, now);
    this.#proceed(now);
  }

  /** Gathering is complete for this generation. */
  endOfLocalCandidates(now: Instant): void {
    this.#context.current.endOfLocal = true;
    if (!this.#over) this.#proceed(now);
  }

  /** A socket is gone, and with it the candidates and pairs that used it. */
  removeLocalCandidates(base: TransportAddress, now: Instant): void {
    const context = this.#context;
    for (const generation of [context.current, context.previous]) if (generation) dropBase(context, generation, base);
    const { selection, current } = context;
    if (this.#over) return;
    if (selection.pair && sameAddress(selection.pair.base, base)) {
      selection.clear();
      current.checklist.completed = false;
      this.#lost = true;
      context.news(now);
      const other = current.checklist.bestValid();
      if (other?.lastResponseAt !== undefined && now - other.lastResponseAt < context.settings.consentTimeoutMs / 2) onValid(context, current, other, now);
      else current.checklist.resume(undefined); // what worked long ago, or was left when another was nominated, is to show that it works
    }
    this.#proceed(now);
  }

  /**
   * The peer's credentials. Other ones than those that are known begin a new generation, first under our present
   * credentials; a {@link restart} that follows keeps what the peer told since.
   */
  setRemoteCredentials(credentials: IceCredentials, now: Instant): void {
    if (this.#over) return;
    const context = this.#context;
    const known = context.current.remote;
    if (known?.usernameFragment === credentials.usernameFragment && known.password === credentials.password) return;
    if (known) {
      const { local, locals, endOfLocal } = context.current;
      this.restart(local, now);
      context.current.locals = context.current.locals.concat(locals.filter((c) => c.type !== 'prflx'));
      context.current.endOfLocal = endOfLocal;
      context.current.begunByPeer = true;
    }
    const { current } = context;
    current.setRemote(credentials);
    dropForeign(context, current);
    context.newsAt = now;
    replayEarly(context, now);
    this.#proceed(now);
  }

  /** Whether the peer is a lite agent: then we control (RFC 8445 6.1.1). */
  setRemoteLite(lite: boolean): void {
    this.#context.remoteLite = lite;
    if (lite) this.setControlling(true);
  }

  /** Adds a candidate of the peer. Never throws: what must not be used is refused. */
  addRemoteCandidate(candidate: IceCandidate, now: Instant): 'added' | 'duplicate' | 'refused' {
    if (this.#over) return 'refused';
    const result = addRemote(this.#context, candidate, now);
    if (result === 'added') this.#proceed(now);
    return result;
  }

  /** The peer has no more candidates (RFC 8838 14). */
  endOfRemoteCandidates(now: Instant): void {
    if (this.#over) return;
    this.#context.current.endOfRemote = true;
    this.#context.started = true;
    this.#proceed(now);
  }

  /** Sets the role, as offer and answer decide it. A lite agent never controls, and its peer always does. */
  setControlling(controlling: boolean): void {
    const { settings, remoteLite, role } = this.#context;
    const wasControlling = role.controlling;
    this.#context.setControlling((controlling || remoteLite) && !settings.lite);
    if (role.controlling !== wasControlling && !this.#over) this.#deadline = { at: -Infinity, reason: 'nomination' }; // to be looked at in the light of it
  }

  /** Begins a new generation (RFC 8445 9). The old pair keeps working until a new one is nominated. */
  restart(local: IceCredentials, now: Instant): void {
    const context = this.#context;
    if (this.#state === 'closed') return;
    const { selection, current, environment, settings } = context;
    const kept = current.begunByPeer ? context.previous : current;
    const old = selection.generation ?? (this.#state === 'failed' ? undefined : kept);
    context.previous = old;
    const fresh = new Generation(local, settings.maxPairs, environment.crypto);
    if (current.begunByPeer && current.remote) {
      fresh.setRemote(current.remote);
      fresh.remotes = current.remotes;
      fresh.endOfRemote = current.endOfRemote;
    }
    context.current = fresh;
    selection.pending = undefined;
    context.checker.cancel((check) => check.generation === old && check.kind !== 'consent', false);
    context.checker.cancel((check) => check.generation !== old, true);
    context.newsAt = now;
    this.#lost = false;
    if (this.#state === 'failed') {
      context.started = true;
      this.#enter('checking');
    }
    this.#proceed(now);
  }

  /**
   * The peer may have other sockets now, and the credentials that it had. All pairs are checked and one is nominated anew, while the
   * present one carries data; until `until`, the same follows when the peer is heard from where it never was before.
   */
  peerMayMove(until: Instant, now: Instant): void {
    const context = this.#context;
    if (this.#over || context.settings.lite) return;
    context.movesUntil = until;
    checkAnew(context);
    this.#proceed(now);
  }

  /** Goes back to the generation before {@link restart}, as a rollback of the description asks. */
  abandonRestart(now: Instant): void {
    const context = this.#context;
    const old = context.previous;
    if (!old || this.#over) return;
    const abandoned = context.current;
    context.current = old;
    context.previous = undefined;
    context.checker.cancel((check) => check.generation === abandoned, true);
    for (const pair of old.checklist.pairs) if (pair.state === 'in-progress' && !pair.triggered) pair.state = 'waiting';
    context.newsAt = now;
    this.#proceed(now);
  }

  /** What a socket reported. It is counted and changes nothing: such reports can be forged, and paths recover. */
  sendError(_local: TransportAddress, _remote: TransportAddress | undefined, kind: string, _now: Instant): void {
    this.#context.counters.add(kind === 'unreachable' ? 'ice.send.unreachable' : 'ice.send.error');
  }

  /**
   * Whether packets of other protocols may come over this 5-tuple: one of our checks was answered on it, or we answered an
   * authenticated one. O(1), for every packet.
   */
  accepts(local: TransportAddress, remote: TransportAddress): boolean {
    const { selection, current, previous } = this.#context;
    const selected = selection.pair;
    if (selected !== undefined && sameAddress(selected.remoteAddress, remote) && sameAddress(selected.base, local)) return true;
    if (this.#over) return false;
    if (current.checklist.find(local, remote)?.accepted || previous?.checklist.find(local, remote)?.accepted) return true;
    for (const check of current.early) if (sameAddress(check.remote, remote) && sameAddress(check.local, local)) return true;
    return false;
  }

  /** Takes a STUN datagram; its answer, if any, waits in {@link pollWrite}. */
  handleRead(datagram: Datagram, now: Instant): void {
    const context = this.#context;
    if (this.#over) return context.counters.add('ice.over');
    let message: StunMessage;
    try {
      message = decodeStun(datagram.bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return context.counters.add('ice.malformed');
    }
    if (message.method !== StunMethod.binding) return context.counters.add('ice.method');
    switch (message.class) {
      case StunClass.request:
        onRequest(context, message, datagram, now);
        break;
      case StunClass.success:
      case StunClass.error:
        onResponse(context, message, datagram, now);
        break;
      case StunClass.indication:
        return; // a keepalive (RFC 8445 11), of no consequence
      default:
        message.class satisfies never;
    }
    this.#proceed(now);
  }

  pollRead(): undefined {
    return undefined;
  }

  handleWrite(): void {}

  pollWrite(): Datagram | undefined {
    return this.#context.output.shift();
  }

  handleEvent(): void {}

  pollEvent(): IceEvent | undefined {
    return this.#context.events.shift();
  }

  handleTimeout(now: Instant): void {
    // Every input leaves behind it when there is something to do next.
    if (this.#deadline === undefined || now < this.#deadline.at) return;
    const context = this.#context;
    const { checker } = context;
    for (let check = checker.takeTimedOut(now); check; check = checker.takeTimedOut(now)) onTimedOut(context, check, now);
    applyPending(context, now);
    this.#tendConsent(now);
    if (!this.#over) this.#proceed(now);
  }

  pollTimeout(): Deadline | undefined {
    return this.#deadline;
  }

  /** Ends at once and without a word: ICE has none for it. */
  close(_now: Instant): void {
    if (this.#state === 'closed') return;
    this.#stop();
    this.#enter('closed');
  }

  /** A snapshot. */
  stats(): IceStats {
    const { counters, current } = this.#context;
    return {
      state: this.#state,
      controlling: this.controlling,
      localUsernameFragment: current.local.usernameFragment,
      selectedPair: this.selectedPair,
      selectedPairChanges: counters.get('ice.selected'),
      pairs: [...this.pairs],
      localCandidates: [...this.localCandidates],
      remoteCandidates: this.remoteCandidates,
      counters: counters.snapshot(),
    };
  }

  get #over(): boolean {
    return this.#state === 'failed' || this.#state === 'closed';
  }

  /** After every input: sends what may be sent, nominates, and sets state and timers. */
  #proceed(now: Instant): void {
    const context = this.#context;
    const { checker, selection } = context;
    if (!context.settings.lite) checker.pump(context.current, now);
    this.#deadline = undefined;
    this.#comeBack('nomination', considerNomination(context, now));
    if (selection.pending) this.#comeBack('switch', selection.pendingAt);
    if (selection.consent) this.#comeBack('consent', selection.consent.nextAt(now));
    this.#comeBack('check', checker.nextAt());
    if (!selection.pair) this.#comeBack('patience', this.#patienceEnd(now));
    this.#updateState(now);
  }

  #comeBack(reason: Timer, at: Instant | undefined): void {
    if (at !== undefined && (this.#deadline === undefined || at < this.#deadline.at)) this.#deadline = { at, reason };
  }

  /** When failure may be declared; `undefined` while it may not, however late it is. */
  #patienceEnd(now: Instant): Instant | undefined {
    const { started, current } = this.#context;
    if (!started || !current.remote) return undefined;
    const at = this.#context.patienceEnd;
    return at > now ? at : undefined;
  }

  #updateState(now: Instant): void {
    const { selection, current, started } = this.#context;
    if (selection.pair) {
      this.#lost = false;
      const renewed = selection.generation !== current;
      if (selection.isDisconnected(now)) {
        if (!renewed && (this.#state !== 'disconnected' || !current.checklist.anyAlive)) current.checklist.resume(selection.pair);
        return this.#enter(renewed ? 'checking' : 'disconnected');
      }
      if (!renewed && selection.pair.nominated) current.checklist.completed = true;
      const completed = !renewed && selection.pair.nominated && current.endOfLocal && current.endOfRemote;
      return this.#enter(completed ? 'completed' : 'connected');
    }
    // Before the peer's answer there is nothing to check and nothing that could fail.
    if (!started || !current.remote) return;
    const hope = now < this.#context.patienceEnd || current.checklist.anyAlive || !current.endOfLocal;
    if (!hope) return this.#fail(this.#lost ? 'socket-lost' : 'no-pair');
    this.#enter(this.#lost ? 'disconnected' : 'checking');
  }

  #tendConsent(now: Instant): void {
    const context = this.#context;
    const { selection, current } = context;
    const { consent } = selection;
    if (!consent) return;
    consent.noticeSleep(now);
    if (consent.isExpired(now)) {
      context.counters.add('ice.consent.expired');
      // A restart under way may still succeed; without one, this is the end (RFC 7675 5.1).
      if (consent.generation === current) return this.#fail('consent-expired');
      context.checker.cancel((check) => check.generation === consent.generation, true);
      context.previous = undefined;
      selection.clear();
      context.news(now);
      const other = current.checklist.bestValid();
      if (other) onValid(context, current, other, now);
    } else if (consent.isDue(now)) {
      context.checker.start('consent', consent.pair, consent.generation, now);
      consent.onSent(now);
    }
  }

  #fail(reason: IceFailure): void {
    this.#stop();
    this.#enter('failed', reason);
  }

  /** Not one more packet, and no timer. */
  #stop(): void {
    const context = this.#context;
    context.selection.clear();
    context.checker.clear();
    context.output.clear();
    context.previous = undefined;
    this.#deadline = undefined;
  }

  #enter(state: IceConnectionState, reason?: IceFailure): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#context.events.push(reason === undefined ? { type: 'state', state } : { type: 'state', state, reason });
  }
}
