import { connect } from '/connect.js';
import { showFigures, showTracks } from '/media.js';

await connect({ begin: (pc) => (showTracks(pc), showFigures(pc)) });
