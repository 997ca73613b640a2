import { spawn } from 'node:child_process';

/** Whether ffmpeg can be run. */
export async function hasFfmpeg(): Promise<boolean> {
  return ffmpeg(['-version']).then(
    () => true,
    () => false,
  );
}

/** Runs ffmpeg to its end; resolves to what it wrote, rejects with what it complained of. */
export function ffmpeg(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('ffmpeg', ['-nostdin', '-hide_banner', '-loglevel', 'error', '-y', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    child.on('error', reject);
    const watchdog = setTimeout(() => child.kill('SIGKILL'), 30_000);
    child.on('close', () => clearTimeout(watchdog));
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`ffmpeg ended with ${code}: ${complaint.slice(-500)}`))));
  });
}
