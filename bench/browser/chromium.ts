/** Where Chromium is, and thus whether it takes part. */
export const CHROMIUM: string = process.env.CHROMIUM ?? '/usr/bin/chromium';
