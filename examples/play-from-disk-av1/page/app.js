import { connect } from '/connect.js';
import { showFigures, showTracks } from '/media.js';

const { pc } = await connect({ begin: (connection) => showTracks(connection) });
showFigures(pc);
