// The page's half of the signalling (server-sent events and POST), and of the negotiation.
import { enable, showError, showMessage, showState } from '/page.js';

/** Messages to and from the example's program, in order. Events: 'message' and 'sent' (detail: the message), 'end'. */
export class Signal extends EventTarget {
  #id;
  #sent = Promise.resolve();

  /** Resolves when the program answers. */
  static open() {
    const signal = new Signal();
    const events = new EventSource('/signal');
    events.onerror = () => {
      events.close(); // the program is gone, and so is the connection to this page
      signal.dispatchEvent(new Event('end'));
    };
    return new Promise((resolve) => {
      events.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.error) showError(message.error);
        if (message.id) {
          signal.#id = message.id;
          resolve(signal);
        } else signal.dispatchEvent(new CustomEvent('message', { detail: message }));
      };
    });
  }

  send(message) {
    this.dispatchEvent(new CustomEvent('sent', { detail: message }));
    const body = JSON.stringify(message);
    this.#sent = this.#sent.then(() => fetch(`/signal/${this.#id}`, { method: 'POST', body })).catch(() => {});
  }
}

/** Shows the state of a connection in the page's head. */
export function watch(pc, signal) {
  pc.addEventListener('connectionstatechange', () => showState(pc.connectionState));
  signal.addEventListener('end', () => {
    pc.close();
    showState('lost');
    enable(false);
    showMessage('The program has ended. Start it again and reload this page.');
  });
}

/**
 * A connection to the example's program; `begin(pc, signal)` is called before anything is negotiated. Either side may offer
 * at any time; when both do, this one gives way. `onWord` takes what the program says besides.
 */
export async function connect({ begin, onWord, configuration } = {}) {
  const signal = await Signal.open();
  const pc = new RTCPeerConnection(configuration);
  watch(pc, signal);
  pc.onicecandidate = ({ candidate }) => signal.send({ candidate });
  pc.onnegotiationneeded = async () => {
    await pc.setLocalDescription();
    signal.send({ description: pc.localDescription });
  };
  const take = async (message) => {
    const { description, candidate } = message;
    if (description) {
      await pc.setRemoteDescription(description); // an offer of ours that crosses it is rolled back
      if (description.type !== 'offer') return;
      await pc.setLocalDescription();
      signal.send({ description: pc.localDescription });
    } else if (candidate === undefined) onWord?.(message);
    else await pc.addIceCandidate(candidate ?? undefined).catch(() => {}); // it belonged to an offer that was rolled back
  };
  let taken = Promise.resolve();
  signal.addEventListener('message', ({ detail }) => (taken = taken.then(() => take(detail))));
  begin?.(pc, signal);
  return { pc, signal };
}
