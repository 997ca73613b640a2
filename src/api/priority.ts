/** W3C `RTCPriorityType`: each gets twice the share of the one before it. Default `low`. */
export type Priority = 'very-low' | 'low' | 'medium' | 'high';

/** The numbers of priorities on the wire (RFC 8831 6.4). */
export const PRIORITIES: Readonly<Record<Priority, number>> = { 'very-low': 128, low: 256, medium: 512, high: 1024 };

/** The name of a number that a peer may have chosen freely (W3C webrtc-priority 4.3). */
export function priorityOf(value: number): Priority {
  if (value <= PRIORITIES['very-low']) return 'very-low';
  if (value <= PRIORITIES.low) return 'low';
  return value <= PRIORITIES.medium ? 'medium' : 'high';
}
