import {
  canonicalAddress,
  Counters,
  type Datagram,
  type Deadline,
  DecodeError,
  type Environment,
  familyOf,
  type Instant,
  type Protocol,
  Queue,
  sameAddress,
  scopeOf,
  SparseQueue,
  type TransportAddress,
} from '../../core/index.ts';
import { candidatePriority, type LocalCandidate } from '../../ice/index.ts';
import { decodeStun, isStun, StunBuilder, StunClass, type StunMessage, StunMethod, type StunTransaction, StunTransactions } from '../../stun/index.ts';
import type { GathererConfig, StunServer } from './config.ts';
import { MAX_SERVERS, PACING_MS, SERVER_DEADLINE_MS, UNREACHABLE_CODE } from './constants.ts';
import type { GathererEvent, GathererInput } from './events.ts';
import { addressRanks, hostAddresses, isLocalhost, isWildcard, localPreference } from './hosts.ts';
import type { GathererStats } from './stats.ts';

/** A socket with its host candidates, best first. */
interface BoundSocket {
  readonly local: TransportAddress;
  readonly hosts: readonly LocalCandidate[];
  readonly preference: number;
}

/** A server and what is known of its address. */
interface ServerState {
  readonly server: StunServer;
  /** `undefined` while the name is being looked up. */
  addresses: readonly string[] | undefined;
  /** When it has had its time; `undefined` until it is asked. */
  deadline: Instant | undefined;
  failed: boolean;
}

/** A request to a server from a socket, waiting for its turn or its answer. */
interface Task {
  readonly socket: BoundSocket;
  readonly state: ServerState;
  readonly remote: TransportAddress;
}

/**
 * Gathers host and server-reflexive candidates (RFC 8445 5.1.1). It is told of sockets and of resolved names, and gives
 * STUN requests, candidates and the end of gathering.
 */
export class Gatherer implements Protocol<Datagram, never, never, Datagram, GathererInput, GathererEvent> {
  readonly #deadlineMs: number;
  readonly #includeLoopback: boolean;
  readonly #servers: readonly ServerState[];
  // Lists that are made anew when something comes, which is seldom: they have the right size, and there may be thousands of them.
  #sockets: readonly BoundSocket[] = [];
  readonly #waiting: Queue<Task> = new Queue();
  readonly #transactions: StunTransactions<Task>;
  readonly #output: SparseQueue<Datagram> = new SparseQueue();
  readonly #events: SparseQueue<GathererEvent> = new SparseQueue();
  #candidates: readonly LocalCandidate[] = [];
  /** What each foundation stands for; the first is `1`. */
  #foundations: readonly string[] = [];
  readonly #counters: Counters = new Counters();
  #socketCount = 0;
  #socketsDone = false;
  #complete = false;
  #closed = false;
  #paceAt: Instant = -Infinity;
  #requestsSent = 0;
  #responsesReceived = 0;

  constructor(config: GathererConfig, environment: Environment) {
    this.#deadlineMs = config.deadlineMs ?? SERVER_DEADLINE_MS;
    this.#includeLoopback = config.includeLoopback ?? false;
    this.#transactions = new StunTransactions(environment.random);
    this.#servers = (config.servers ?? []).slice(0, MAX_SERVERS).map((server) => {
      const literal = canonicalAddress(server.hostname);
      return { server, addresses: literal === undefined ? undefined : [literal], deadline: undefined, failed: false };
    });
  }

  handleEvent(event: GathererInput, now: Instant): void {
    if (this.#closed) return;
    switch (event.type) {
      case 'socket':
        this.#addSocket(event, now);
        break;
      case 'sockets-done':
        this.#socketsDone = true;
        break;
      case 'resolved':
        this.#resolved(event.hostname, event.addresses, now);
        break;
      case 'socket-closed':
        this.#removeSocket(event.local);
        break;
      default:
        event satisfies never;
    }
    this.#proceed(now);
  }

  /** Whether a datagram answers one of our requests. */
  owns(datagram: Datagram): boolean {
    if (this.#transactions.size === 0 || !isStun(datagram.bytes)) return false;
    return this.#transactions.matchBytes(datagram.bytes) !== undefined;
  }

  handleRead(datagram: Datagram, now: Instant): void {
    let message: StunMessage;
    try {
      message = decodeStun(datagram.bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return this.#counters.add('gatherer.malformed');
    }
    const transaction = this.#transactions.match(message);
    if (!transaction || (message.class !== StunClass.success && message.class !== StunClass.error)) {
      return this.#counters.add('gatherer.unknown');
    }
    const { socket, remote } = transaction.owner;
    if (!sameAddress(remote, datagram.remote) || !sameAddress(socket.local, datagram.local)) return this.#counters.add('gatherer.address');
    this.#responsesReceived++;
    this.#answered(transaction, message);
    this.#proceed(now);
  }

  handleTimeout(now: Instant): void {
    if (this.#closed) return;
    for (let due = this.#transactions.due(now); due; due = this.#transactions.due(now)) {
      if (this.#transactions.advance(due, now) === 'retransmit') this.#send(due);
      else this.#failTask(due.owner, 'the server does not answer');
    }
    if (this.#servers.length === 0) return;
    for (const state of this.#servers) if (state.deadline !== undefined && now >= state.deadline) this.#expire(state);
    this.#proceed(now);
  }

  pollTimeout(): Deadline | undefined {
    if (this.#closed || this.#servers.length === 0) return undefined;
    let at: Instant | undefined;
    let reason = 'gatherer.deadline';
    for (const { deadline } of this.#servers) if (deadline !== undefined && (at === undefined || deadline < at)) at = deadline;
    const retransmitAt = this.#transactions.nextAt();
    if (retransmitAt !== undefined && (at === undefined || retransmitAt < at)) {
      at = retransmitAt;
      reason = 'gatherer.retransmit';
    }
    if (this.#waiting.length > 0 && (at === undefined || this.#paceAt < at)) {
      at = this.#paceAt;
      reason = 'gatherer.pace';
    }
    return at === undefined ? undefined : { at, reason };
  }

  pollRead(): undefined {
    return undefined;
  }

  handleWrite(): void {}

  pollWrite(): Datagram | undefined {
    return this.#output.shift();
  }

  pollEvent(): GathererEvent | undefined {
    return this.#events.shift();
  }

  close(_now: Instant): void {
    this.#closed = true;
    this.#transactions.clear();
    this.#waiting.clear();
    this.#output.clear();
  }

  stats(): GathererStats {
    return { requestsSent: this.#requestsSent, responsesReceived: this.#responsesReceived, counters: this.#counters.snapshot() };
  }

  #addSocket({ local, interfaces }: GathererInput & { type: 'socket' }, now: Instant): void {
    if (this.#sockets.some((socket) => sameAddress(socket.local, local))) return;
    const index = this.#socketCount++;
    const ranks = addressRanks(interfaces, [local.address]);
    const hosts = hostAddresses(local, interfaces, this.#includeLoopback)
      .map((address) => this.#hostCandidate(address, local, localPreference(ranks.get(address) ?? ranks.size, index)))
      .sort((a, b) => b.priority - a.priority);
    const best = hosts[0];
    const socket: BoundSocket = { local, hosts, preference: best ? (best.priority >>> 8) & 0xffff : 0 };
    this.#sockets = this.#sockets.concat(socket);
    this.#complete = false;
    this.#candidates = this.#candidates.concat(hosts);
    hosts.forEach((candidate) => this.#events.push({ type: 'candidate', candidate }));
    this.#servers.forEach((state) => this.#ask(socket, state, now));
  }

  #hostCandidate(address: string, base: TransportAddress, preference: number): LocalCandidate {
    return {
      foundation: this.#foundation(`host ${address}`),
      component: 1,
      protocol: 'udp',
      priority: candidatePriority('host', preference),
      address,
      port: base.port,
      type: 'host',
      base,
    };
  }

  /** Same type, base and server make the same foundation (RFC 8445 5.1.1.3). */
  #foundation(key: string): string {
    const known = this.#foundations.indexOf(key);
    if (known < 0) this.#foundations = this.#foundations.concat(key);
    return String(known < 0 ? this.#foundations.length : known + 1);
  }

  /** Asks a server for a socket, or its name first. A server that cannot help this socket is passed over in silence. */
  #ask(socket: BoundSocket, state: ServerState, now: Instant): void {
    if (state.failed || !socket.hosts.some((c) => this.#mayAsk(c, undefined))) return;
    if (state.addresses === undefined) {
      // A name out in the world has no address that loopback could reach: not even the resolver is asked.
      if (!isLocalhost(state.server.hostname) && socket.hosts.every((c) => scopeOf(c.address) === 'loopback')) return;
      if (state.deadline !== undefined) return;
      const { hostname } = state.server;
      const asked = this.#servers.some((s) => s.server.hostname === hostname && s.deadline !== undefined && s.addresses === undefined);
      state.deadline = now + this.#deadlineMs;
      if (!asked) this.#events.push({ type: 'resolve', hostname });
      return;
    }
    const family = familyOf(socket.local.address);
    const address = state.addresses.find((a) => familyOf(a) === family && socket.hosts.some((c) => this.#mayAsk(c, a)));
    if (address === undefined) return;
    state.deadline ??= now + this.#deadlineMs;
    this.#waiting.push({ socket, state, remote: { address, port: state.server.port } });
  }

  /** Loopback and the rest of the world do not reach each other; a link-local address has nothing to learn. */
  #mayAsk(host: LocalCandidate, server: string | undefined): boolean {
    const scope = scopeOf(host.address);
    if (server === undefined) return scope !== 'link-local';
    const serverScope = scopeOf(server);
    if (scope === 'loopback' || serverScope === 'loopback') return scope === serverScope;
    return scope === 'unicast' && serverScope === 'unicast';
  }

  #resolved(hostname: string, addresses: readonly string[], now: Instant): void {
    for (const state of this.#servers) {
      if (state.server.hostname !== hostname || state.addresses !== undefined || state.failed) continue;
      const canonical = addresses.map((a) => canonicalAddress(a)).filter((a) => a !== undefined);
      if (canonical.length === 0) {
        this.#failServer(state, 'the name of the server has no address');
        continue;
      }
      state.addresses = canonical;
      for (const socket of this.#sockets) this.#ask(socket, state, now);
    }
  }

  #removeSocket(local: TransportAddress): void {
    this.#sockets = this.#sockets.filter((socket) => !sameAddress(socket.local, local));
    for (const transaction of this.#transactions.all) {
      if (sameAddress(transaction.owner.socket.local, local)) this.#transactions.end(transaction);
    }
    this.#dropWaiting((task) => sameAddress(task.socket.local, local));
  }

  #dropWaiting(fits: (task: Task) => boolean): void {
    for (let n = this.#waiting.length; n > 0; n--) {
      const task = this.#waiting.shift();
      if (task && !fits(task)) this.#waiting.push(task);
    }
  }

  #answered(transaction: StunTransaction<Task>, message: StunMessage): void {
    this.#transactions.end(transaction);
    const task = transaction.owner;
    if (message.class === StunClass.error) {
      const { code, reason } = message.error ?? { code: UNREACHABLE_CODE, reason: '' };
      return this.#failTask(task, reason, code);
    }
    const mapped = message.mappedAddress;
    if (mapped === undefined || message.unknownRequired().length > 0) return this.#failTask(task, 'the answer makes no sense', 500);
    const scope = scopeOf(mapped.address);
    const sane = mapped.port !== 0 && (scope === 'unicast' || (scope === 'loopback' && scopeOf(task.remote.address) === 'loopback'));
    if (!sane) return this.#failTask(task, 'the answer makes no sense', 500);
    this.#addReflexive(task, mapped);
  }

  #addReflexive({ socket, state, remote }: Task, mapped: TransportAddress): void {
    // Redundant: the same address over the same socket (RFC 8445 5.1.3). Without a NAT it is a host candidate's.
    if (this.#candidates.some((c) => c.address === mapped.address && c.port === mapped.port && sameAddress(c.base, socket.local))) return;
    const host = socket.hosts.find((c) => familyOf(c.address) === familyOf(mapped.address)) ?? socket.hosts[0];
    if (!host) return;
    const candidate: LocalCandidate = {
      foundation: this.#foundation(`srflx ${host.address} ${remote.address}`),
      component: 1,
      protocol: 'udp',
      priority: candidatePriority('srflx', socket.preference),
      address: mapped.address,
      port: mapped.port,
      type: 'srflx',
      relatedAddress: host.address,
      relatedPort: host.port,
      base: socket.local,
      url: state.server.url,
    };
    this.#candidates = this.#candidates.concat(candidate);
    this.#events.push({ type: 'candidate', candidate });
  }

  #failTask({ socket, state }: Task, errorText: string, errorCode: number = UNREACHABLE_CODE): void {
    const address = isWildcard(socket.local.address) ? (socket.hosts[0]?.address ?? socket.local.address) : socket.local.address;
    this.#events.push({ type: 'candidate-error', url: state.server.url, errorCode, errorText, address, port: socket.local.port });
  }

  #failServer(state: ServerState, errorText: string): void {
    state.failed = true;
    state.deadline = undefined;
    this.#events.push({ type: 'candidate-error', url: state.server.url, errorCode: UNREACHABLE_CODE, errorText, address: null, port: null });
  }

  /** A server has had its time. */
  #expire(state: ServerState): void {
    state.deadline = undefined;
    if (state.addresses === undefined) return this.#failServer(state, 'the name of the server was not resolved in time');
    state.failed = true;
    for (const transaction of this.#transactions.all) {
      if (transaction.owner.state !== state) continue;
      this.#transactions.end(transaction);
      this.#failTask(transaction.owner, 'the server does not answer');
    }
    this.#dropWaiting((task) => task.state === state);
  }

  #send({ owner, request }: StunTransaction<Task>): void {
    this.#requestsSent++;
    this.#output.push({ bytes: request.slice(), local: owner.socket.local, remote: owner.remote });
  }

  #proceed(now: Instant): void {
    if (this.#waiting.length > 0 && now >= this.#paceAt) {
      const task = this.#waiting.shift();
      if (task) this.#begin(task, now);
    }
    if (this.#servers.length > 0) this.#settleServers();
    const busy = this.#waiting.length > 0 || this.#servers.some((state) => state.deadline !== undefined);
    if (busy || !this.#socketsDone || this.#complete) return;
    this.#complete = true;
    this.#events.push({ type: 'complete' });
  }

  #begin(task: Task, now: Instant): void {
    this.#paceAt = now + PACING_MS;
    const id = this.#transactions.newId();
    const request = new StunBuilder(StunClass.request, StunMethod.binding, id).finish();
    const transaction = this.#transactions.begin(id, request, task, {}, now);
    if (transaction) this.#send(transaction);
    else this.#failTask(task, 'too many requests wait');
  }

  /** A server that has nothing left to do needs no deadline. */
  #settleServers(): void {
    for (const state of this.#servers) {
      if (state.deadline === undefined || state.addresses === undefined) continue;
      let busy = false;
      for (const { owner } of this.#transactions.all) busy ||= owner.state === state;
      for (const task of this.#waiting) busy ||= task.state === state;
      if (!busy) state.deadline = undefined;
    }
  }
}
