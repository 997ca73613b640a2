// Numbers of congestion control: draft-ietf-rmcat-gcc-02, with what its implementations added since.

/** Bitrates that are used when nothing else is configured, in bit/s. */
export const MIN_BITRATE_BPS = 30_000;
export const START_BITRATE_BPS = 300_000;
export const MAX_BITRATE_BPS = 100_000_000;

/** Packets that leave within this time are one group (draft-ietf-rmcat-gcc-02 5.2), in ms. */
export const BURST_MS = 5;
/** The longest time over which packets that arrive at once are taken for one group, in ms. */
export const MAX_BURST_MS = 100;
/** Groups that arrive before an earlier one, until the grouping starts anew. */
export const MAX_REORDERED_GROUPS = 3;
/** A jump of the receiver's clock against ours that starts the grouping anew, in ms. */
export const CLOCK_JUMP_MS = 3000;

/** The trendline: groups in its window, the smoothing of the delay, and how the slope is scaled. */
export const TREND_WINDOW = 20;
export const TREND_SMOOTHING = 0.9;
export const TREND_GAIN = 4;
export const MAX_TREND_DELTAS = 60;

/**
 * The threshold of the slope (5.4), in ms: at first, within these, and how fast it follows, per ms. It falls an order slower than it
 * rises: so it stays up between the losses of a flow that fills the queue, and what is left to us is a fair share.
 */
export const THRESHOLD_START_MS = 12.5;
export const THRESHOLD_MIN_MS = 6;
export const THRESHOLD_MAX_MS = 600;
export const THRESHOLD_UP = 0.0087;
export const THRESHOLD_DOWN = 0.001;
/** A slope this far above the threshold does not move it, in ms: a spike. */
export const THRESHOLD_SPIKE_MS = 15;
/** How long the slope is above the threshold until that is overuse, in ms. */
export const OVERUSE_MS = 10;

/** The shortest way of a packet is looked for over one to two times this, in ms. */
export const QUEUE_BASE_WINDOW_MS = 10_000;
/** A queue that makes packets wait this long, in ms, while more than this part of the bytes gets lost, is full; that is overuse, once in this time. */
export const FULL_QUEUE_MS = 150;
export const FULL_QUEUE_LOSS = 0.03;
export const FULL_QUEUE_INTERVAL_MS = 1000;

/** The rate controller (5.5, 5.6): the part of what arrives that is kept after overuse, within the 0.8 to 0.95 of 5.5. */
export const DECREASE_FACTOR = 0.88;
/** Growth per second far from the capacity. */
export const GROWTH_PER_SECOND = 1.08;
/** The same until anything was learned of the path, as where no pacer sends probes. */
export const FIRST_GROWTH_PER_SECOND = 1.35;
/** The least growth, in bit/s each second. */
export const LEAST_GROWTH_BPS = 4000;
/** The rate is not raised beyond this multiple of what arrives, and {@link HEADROOM_BPS}. */
export const HEADROOM_FACTOR = 1.5;
export const HEADROOM_BPS = 10_000;
/** What the peer needs to react, besides the round trip, in ms. */
export const RESPONSE_MS = 100;
/** Taken for the round trip until it is measured, in ms. */
export const DEFAULT_ROUND_TRIP_MS = 200;
/** The capacity of the link: smoothing, and how far in standard deviations a rate may lie from it. */
export const CAPACITY_SMOOTHING = 0.05;
export const CAPACITY_DEVIATIONS = 3;

/** The windows over which the rate of what arrives is taken, in ms: first, and afterwards. */
export const FIRST_RATE_WINDOW_MS = 500;
export const RATE_WINDOW_MS = 150;

/** Pacing leaves this much faster than the target, so that the pacer's queue stays short. */
export const PACING_FACTOR = 2.5;
/** With more loss than this part, pacing is only this much faster than the target. */
export const PACING_MAX_LOSS = 0.02;
export const EVEN_PACING_FACTOR = 1.2;

/** Application-limited: what may be sent, as part of the target; the part of it that is unused at the beginning, and at the end. */
export const ALR_BANDWIDTH_FACTOR = 0.65;
export const ALR_START_LEVEL = 0.8;
export const ALR_STOP_LEVEL = 0.5;
/** How far the budget reaches back, in ms. */
export const ALR_WINDOW_MS = 500;

/** Probes: multiples of the start bitrate at first, and of a successful probe or the present estimate later. */
export const FIRST_PROBE_FACTORS: readonly number[] = [3, 6];
export const NEXT_PROBE_FACTOR = 2;
/** A result below this part of what was probed ends the search. */
export const PROBE_FURTHER_LEVEL = 0.7;
/** Clusters in {@link PROBE_WINDOW_MS}, at most. */
export const MAX_PROBES = 5;
export const PROBE_WINDOW_MS = 10_000;
/** A cluster: its length in ms, and at least in bytes and in packets. */
export const PROBE_MS = 15;
export const PROBE_LEAST_BYTES = 3600;
export const PROBE_PACKETS = 5;
/** A cluster is on its way for this long at most, in ms. */
export const PROBE_RESULT_MS = 1000;
/** How often is probed while the application limits the rate, in ms. */
export const ALR_PROBE_INTERVAL_MS = 5000;
/** How often is probed without any such reason, while the path is not overused, in ms: nothing else finds a path that grew. */
export const REGULAR_PROBE_INTERVAL_MS = 10_000;
/** A fall below this part is a large one: afterwards {@link RECOVERY_PROBE_FACTOR} of the rate before it is probed. */
export const LARGE_DROP_LEVEL = 0.66;
export const RECOVERY_PROBE_FACTOR = 0.85;
export const RECOVERY_PROBE_MS = 5000;
export const MIN_RECOVERY_INTERVAL_MS = 1000;
/** The part of a cluster that must arrive. */
export const PROBE_ARRIVAL_LEVEL = 0.7;
/** A cluster that left slower than this part of its rate says nothing. */
export const PROBE_LEAST_SEND_LEVEL = 0.5;
/** What arrives this much faster than it left says nothing. */
export const PROBE_MAX_RATIO = 2;
/** The part of a cluster that may arrive in one instant. */
export const PROBE_MAX_BUNCH = 0.5;
/** A cluster that arrives slower than this part of its rate met the capacity, and this part of that is used. */
export const PROBE_SATURATED_LEVEL = 0.9;
export const PROBE_UTILIZATION = 0.95;
/** For this long what a probe found is believed rather than the rate of what arrives, which follows slower, in ms. */
export const PROBE_TRUST_MS = 500;
/** The longest that a cluster may take to leave or arrive, in ms. */
export const PROBE_LONGEST_MS = 1000;
/** Clusters whose results are waited for at one time. */
export const PROBE_CLUSTERS = 8;

/** Loss: the shortest time that one observation spans, in ms, how many are kept, and what an older one counts. */
export const LOSS_OBSERVATION_MS = 250;
export const LOSS_OBSERVATIONS = 20;
export const LOSS_OLDER_WEIGHT = 0.9;
/** The part of the packets that a path may lose whatever the rate is. */
export const INHERENT_LOSS_START = 0.01;
export const INHERENT_LOSS_MIN = 0.001;
export const INHERENT_LOSS_MAX = 0.2;
/** Candidates of the next estimate, as multiples of the present one. */
export const LOSS_CANDIDATE_FACTORS: readonly number[] = [1.02, 1, 0.95];
/** How much a higher rate is preferred where loss says the same of both, per packet and unit of the rate's logarithm. */
export const HIGHER_RATE_PREFERENCE = 0.02;
/** Loss from which on a higher rate is not preferred any more. */
export const HIGHER_RATE_MAX_LOSS = 0.2;

/** Silence of the peer, in ms, after which the rate is halved while packets go out, and again each time. */
export const FEEDBACK_TIMEOUT_MS = 1500;
/** A peer that never gave feedback for this long is taken for one that gives none, in ms. */
export const MUTE_PEER_MS = 5000;

/** When nothing was sent for this long, there are no probes and no timers for them, in ms. */
export const IDLE_MS = 5000;

/** A new target is told from this relative change on. */
export const TARGET_CHANGE = 0.01;
