export { Reception, type ReceptionInterval } from './reception.ts';
export { reports, Reports, type ReportsConfig } from './reports.ts';
export { ntpAt, roundTripMs } from './round-trip.ts';
