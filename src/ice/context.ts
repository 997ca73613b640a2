import { Counters, type Datagram, type Environment, type Instant, SparseQueue } from '../core/index.ts';
import { Checker } from './checker.ts';
import { type IceConfig, type IceSettings, settingsOf } from './config.ts';
import type { IceEvent } from './events.ts';
import { Generation } from './generation.ts';
import { Role } from './role.ts';
import { Selection } from './selection.ts';

/** What the parts of an agent share. Only the files of this folder see it. */
export class Context {
  readonly environment: Environment;
  readonly settings: IceSettings;
  readonly role: Role;
  readonly counters: Counters = new Counters();
  readonly output: SparseQueue<Datagram> = new SparseQueue();
  readonly events: SparseQueue<IceEvent> = new SparseQueue();
  readonly checker: Checker;
  readonly selection: Selection;
  current: Generation;
  /** The generation before a restart, while its pair still carries data or the restart may be undone. */
  previous: Generation | undefined = undefined;
  /** There is something to check, or the peer has begun to. */
  started = false;
  /** When the peer last gave a sign of life or signalling brought news: patience begins there. */
  newsAt: Instant = 0;
  remoteLite = false;
  /** Until then the peer may go on elsewhere with the credentials that it has. */
  movesUntil: Instant = -Infinity;

  constructor(config: IceConfig, environment: Environment) {
    this.environment = environment;
    this.settings = settingsOf(config);
    this.role = new Role(config.controlling && !this.settings.lite, environment.random, config.tieBreaker);
    this.checker = new Checker(this.settings, this.role, environment, this.output, this.counters);
    this.selection = new Selection(this.settings, environment.random);
    this.current = new Generation(config.credentials, this.settings.maxPairs, environment.crypto);
  }

  /** Something happened that makes waiting worth while. */
  news(now: Instant): void {
    this.started = true;
    this.newsAt = now;
  }

  /** Before this nothing is declared failed. */
  get patienceEnd(): Instant {
    const { patienceMs, tricklePatienceMs } = this.settings;
    return this.newsAt + (this.current.endOfRemote ? patienceMs : Math.max(patienceMs, tricklePatienceMs));
  }

  setControlling(controlling: boolean): void {
    if (this.role.controlling === controlling) return;
    this.role.controlling = controlling;
    this.current.nominating = undefined;
    this.current.checklist.reprioritize(controlling);
    this.previous?.checklist.reprioritize(controlling);
  }
}
