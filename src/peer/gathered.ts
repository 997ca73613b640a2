import type { Instant, SparseQueue } from '../core/index.ts';
import type { Bundle } from './bundle.ts';
import type { PeerEvent } from './events.ts';
import type { GathererEvent } from './gatherer/index.ts';
import type { Jsep } from './jsep/index.ts';

/** What the gatherer of a transport found goes to ICE, into the description, and to the layer above. Returns whether it was the last. */
export function takeGathered({ id, connectivity }: Bundle, event: GathererEvent, jsep: Jsep, events: SparseQueue<PeerEvent>, now: Instant): boolean {
  switch (event.type) {
    case 'candidate': {
      connectivity.addLocalCandidate(event.candidate, now);
      const candidate = jsep.addLocalCandidate(event.candidate, id);
      if (candidate) events.push({ type: 'ice-candidate', candidate });
      return false;
    }
    case 'candidate-error': {
      const { url, errorCode, errorText, address, port } = event;
      events.push({ type: 'ice-candidate-error', error: { url, errorCode, errorText, address, port } });
      return false;
    }
    case 'resolve':
      events.push({ type: 'resolve', hostname: event.hostname });
      return false;
    case 'complete':
      connectivity.endOfLocalCandidates(now);
      jsep.endOfLocalCandidates(undefined, id);
      return true;
    default:
      return event satisfies never;
  }
}
