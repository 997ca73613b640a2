import { connect } from '/connect.js';
import { showFigures, showTracks } from '/media.js';
import { $, press } from '/page.js';

const { pc, signal } = await connect({
  begin: (connection) => showTracks(connection),
  onWord({ rids, shown }) {
    if (rids) $('encodings').replaceChildren(...rids.map((rid) => Object.assign(document.createElement('button'), { id: rid, textContent: rid, onclick: () => signal.send({ rid }) })));
    if (shown) press($('encodings').children, $(shown));
  },
});
showFigures(pc);
