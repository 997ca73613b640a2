import { canonicalAddress, type Instant, sameAddress, type TransportAddress } from '../core/index.ts';
import type { IceCandidate, LocalCandidate } from './candidate.ts';
import { MAX_LOCAL_CANDIDATES, MAX_PEER_REFLEXIVE } from './constants.ts';
import type { Context } from './context.ts';
import { randomText } from './credentials.ts';
import { isHostBound, mayPair, reachableAddress, refusal } from './filter.ts';
import type { Generation } from './generation.ts';
import { CandidatePair, pairPriorityOf } from './pair.ts';

/** Adds a candidate of ours and pairs it with all of the peer's. */
export function addLocal(context: Context, candidate: LocalCandidate): void {
  const { current } = context;
  const known = current.locals.some((c) => c.address === candidate.address && c.port === candidate.port && sameAddress(c.base, candidate.base));
  if (known || current.locals.length >= MAX_LOCAL_CANDIDATES) {
    context.counters.add(known ? 'ice.local.duplicate' : 'ice.local.limit');
    return;
  }
  current.locals = current.locals.concat(candidate);
  if (candidate.protocol !== 'udp' || candidate.component !== 1) return;
  for (const remote of current.remotes) formPair(context, current, candidate, remote);
  for (const remote of current.reflexive) formPair(context, current, candidate, remote);
}

/** Adds a candidate that signalling brought. */
export function addRemote(context: Context, candidate: IceCandidate, now: Instant): 'added' | 'duplicate' | 'refused' {
  const { current } = context;
  const refuse = (why: string): 'refused' => {
    context.counters.add(`ice.candidate.${why}`);
    return 'refused';
  };
  const canonical = canonicalAddress(candidate.address);
  const reason = refusal(candidate, canonical, context.settings.allowedLowPorts);
  if (reason || canonical === undefined) return refuse(reason ?? 'name');
  const ufrag = candidate.usernameFragment;
  if (ufrag !== undefined && current.remote && ufrag !== current.remote.usernameFragment) return refuse('generation');
  // A zone names an interface of the peer's host; which one of ours is used is not the peer's to say.
  const zone = canonical.indexOf('%');
  const address = zone < 0 ? canonical : canonical.slice(0, zone);
  const remote = address === candidate.address ? candidate : { ...candidate, address };
  // Only once all our candidates are known can it be said that none of them reaches this one.
  if (current.endOfLocal && isHostBound(address) && !current.locals.some((local) => mayPair(local, remote))) return refuse('scope');
  if (current.remotes.some((c) => c.address === address && c.port === remote.port)) return 'duplicate';
  if (current.remotes.length >= context.settings.maxRemoteCandidates) return refuse('limit');
  current.remotes = current.remotes.concat(remote);
  replaceReflexive(current, remote, context.role.controlling);
  for (const local of current.locals) formPair(context, current, local, remote);
  context.news(now);
  return 'added';
}

/** Signalling tells now what a check told before: the candidate's type and foundation become known (RFC 8445 7.3.1.3). */
function replaceReflexive(generation: Generation, remote: IceCandidate, controlling: boolean): void {
  const at = generation.reflexive.findIndex((c) => c.address === remote.address && c.port === remote.port);
  if (at < 0) return;
  const [old] = generation.reflexive.splice(at, 1);
  for (const pair of generation.checklist.pairs.filter((p) => p.remote === old)) {
    pair.remote = remote;
    pair.priority = pairPriorityOf(pair.local, remote, controlling);
    generation.checklist.reposition(pair);
  }
}

/** Forms a pair where that makes sense and there is none like it: same base, same remote address (RFC 8445 6.1.2.4). */
export function formPair(context: Context, generation: Generation, local: LocalCandidate, remote: IceCandidate): void {
  if (local.protocol !== 'udp' || local.component !== 1 || local.type === 'prflx' || !mayPair(local, remote)) return;
  const address: TransportAddress = { address: reachableAddress(local, remote), port: remote.port };
  const { checklist } = generation;
  const present = checklist.find(local.base, address);
  if (present) {
    // Redundant: the better local candidate stays, unless checks have begun under the other one.
    if (local.priority <= present.local.priority || (present.state !== 'waiting' && present.state !== 'frozen')) return;
    present.local = local;
    present.priority = pairPriorityOf(local, present.remote, context.role.controlling);
    checklist.reposition(present);
    return;
  }
  if (!checklist.add(new CandidatePair(local, remote, address, context.role.controlling))) context.counters.add('ice.pair.limit');
}

/** The pair of a check that came in, made when there is none (RFC 8445 7.3.1.3, 7.3.1.4). */
export function pairFor(
  context: Context,
  generation: Generation,
  base: TransportAddress,
  remoteAddress: TransportAddress,
  priority: number,
): CandidatePair | undefined {
  const { checklist } = generation;
  const present = checklist.find(base, remoteAddress);
  if (present) return present;
  const local = generation.localAt(base, remoteAddress.address.includes(':'));
  if (!local) return undefined;
  const remote = generation.findRemote(remoteAddress.address, remoteAddress.port) ?? learnRemote(context, generation, remoteAddress, priority);
  const pair = new CandidatePair(local, remote, remoteAddress, context.role.controlling);
  if (checklist.add(pair)) return pair;
  context.counters.add('ice.pair.limit');
  return undefined;
}

function learnRemote(context: Context, generation: Generation, { address, port }: TransportAddress, priority: number): IceCandidate {
  if (generation.reflexive.length >= context.settings.maxPeerReflexive) evictReflexive(context, generation);
  const candidate: IceCandidate = {
    foundation: randomText(context.environment.random, 8),
    component: 1,
    protocol: 'udp',
    priority,
    address,
    port,
    type: 'prflx',
    ...(generation.remote ? { usernameFragment: generation.remote.usernameFragment } : {}),
  };
  generation.reflexive.push(candidate);
  context.events.push({ type: 'peer-reflexive', side: 'remote', candidate });
  return candidate;
}

/** Drops the oldest peer-reflexive candidate whose pairs carry nothing, and these pairs with it. */
function evictReflexive(context: Context, generation: Generation): void {
  const { pair: selected, pending } = context.selection;
  const at = generation.reflexive.findIndex((c) => c !== selected?.remote && c !== pending?.remote && c !== generation.nominating?.remote);
  const [old] = generation.reflexive.splice(at, 1);
  for (const pair of generation.checklist.pairs.filter((p) => p.remote === old)) dropPair(context, generation, pair);
  context.counters.add('ice.prflx.evicted');
}

/** Forgets a pair and its checks. */
export function dropPair(context: Context, generation: Generation, pair: CandidatePair): void {
  generation.checklist.remove(pair);
  context.checker.cancel((check) => check.pair === pair, true);
  if (generation.nominating === pair) generation.nominating = undefined;
  if (context.selection.pending === pair) context.selection.pending = undefined;
}

/**
 * The candidate that the peer saw us as (RFC 8445 7.2.5.3.1): one that we know, or a new peer-reflexive one. It becomes
 * the local side of the pair that was checked.
 */
export function learnLocal(context: Context, generation: Generation, pair: CandidatePair, mapped: TransportAddress, priority: number): void {
  if (mapped.address === pair.local.address && mapped.port === pair.local.port) return;
  const known = generation.locals.find((c) => c.address === mapped.address && c.port === mapped.port && sameAddress(c.base, pair.base));
  if (known) {
    pair.local = known;
    return;
  }
  const reflexive = generation.locals.filter((c) => c.type === 'prflx').length;
  if (reflexive >= MAX_PEER_REFLEXIVE) {
    context.counters.add('ice.prflx.limit');
    return;
  }
  const candidate: LocalCandidate = {
    foundation: randomText(context.environment.random, 8),
    component: 1,
    protocol: 'udp',
    priority,
    address: mapped.address,
    port: mapped.port,
    type: 'prflx',
    relatedAddress: pair.local.address,
    relatedPort: pair.local.port,
    usernameFragment: generation.local.usernameFragment,
    base: pair.base,
  };
  generation.locals = generation.locals.concat(candidate);
  pair.local = candidate;
  context.events.push({ type: 'peer-reflexive', side: 'local', candidate });
}

/** Forgets all that used a socket. */
export function dropBase(context: Context, generation: Generation, base: TransportAddress): void {
  generation.locals = generation.locals.filter((c) => !sameAddress(c.base, base));
  for (const pair of generation.checklist.pairs.filter((p) => sameAddress(p.base, base))) dropPair(context, generation, pair);
}

/** Drops candidates that turn out to belong to other credentials than those of the peer. */
export function dropForeign(context: Context, generation: Generation): void {
  const own = generation.remote?.usernameFragment;
  for (const candidate of generation.remotes.filter((c) => c.usernameFragment !== undefined && c.usernameFragment !== own)) {
    generation.remotes = generation.remotes.filter((other) => other !== candidate);
    for (const pair of generation.checklist.pairs.filter((p) => p.remote === candidate)) dropPair(context, generation, pair);
    context.counters.add('ice.candidate.generation');
  }
}
