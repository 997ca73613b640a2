import { connect } from '/connect.js';
import { showFigures, showTracks } from '/media.js';
import { $ } from '/page.js';

const buttonOf = (rid, signal) => Object.assign(document.createElement('button'), { id: rid, textContent: rid, onclick: () => signal.send({ rid }) });

const { pc, signal } = await connect({
  begin: (connection) => showTracks(connection),
  onWord: ({ rids }) => queueMicrotask(() => rids && $('encodings').replaceChildren(...rids.map((rid) => buttonOf(rid, signal)))),
});
showFigures(pc);
