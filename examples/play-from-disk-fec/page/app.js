import { connect } from '/connect.js';
import { showFigures, showTracks } from '/media.js';
import { $ } from '/page.js';

const { pc } = await connect({
  begin: (connection) => showTracks(connection),
  onWord({ lost, fec }) {
    if (lost !== undefined) [$('lost').textContent, $('fec').textContent] = [lost, fec];
  },
});
showFigures(pc);

setInterval(async () => {
  for (const stats of (await pc.getStats()).values()) {
    if (stats.type !== 'inbound-rtp') continue;
    $('again').textContent = (stats.retransmittedPacketsReceived ?? 0) + (stats.nackCount ?? 0);
    $('frames').textContent = stats.framesPerSecond ?? 0;
  }
}, 500);
