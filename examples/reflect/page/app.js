import { connect } from '/connect.js';
import { camera, showFigures, showTracks } from '/media.js';
import { $ } from '/page.js';

const stream = await camera();
$('mine').srcObject = stream;

await connect({
  begin(pc) {
    showTracks(pc);
    showFigures(pc);
    for (const track of stream.getTracks()) pc.addTrack(track, stream);
  },
});
