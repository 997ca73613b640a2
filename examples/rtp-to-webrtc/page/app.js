import { connect } from '/connect.js';
import { showFigures, showTracks } from '/media.js';
import { $ } from '/page.js';

const { pc } = await connect({
  begin: (connection) => showTracks(connection),
  onWord({ packets, bound }) {
    if (packets === undefined) return;
    $('videos-note').textContent = packets === 0 ? `nothing comes yet on UDP port ${bound}: start ffmpeg` : `${packets} packets came on UDP port ${bound}`;
  },
});
showFigures(pc);
