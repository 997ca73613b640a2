import { connect } from '/connect.js';
import { showFigures, showTracks } from '/media.js';
import { $ } from '/page.js';

const { pc, signal } = await connect({
  begin: (connection) => showTracks(connection),
  onWord: ({ pictures }) => ($('count').textContent = pictures),
});
showFigures(pc);
for (const action of ['add', 'remove']) $(action).onclick = () => signal.send({ action });
