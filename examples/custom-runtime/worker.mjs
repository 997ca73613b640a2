// Node.js 20 does not let a worker thread begin with TypeScript.
import { register } from 'tsx/esm/api';

register();
await import('./socket-worker.ts');
