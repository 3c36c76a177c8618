/**
 * Opens a stream, to be used like an EventSource.
 * @param {string | URL} url Its `lastEventId`, if there is one, comes with a snapshot and so goes before a stored cursor.
 * @param {SseOptions} [options]
 * @returns {SseEvents}
 */
export function openEvents(url: string | URL, { token: renew, share, storage, withCredentials }?: SseOptions): SseEvents;
export type SseOptions = {
    /**
     * Brings a token, at the start and whenever the last one has expired; it
     * travels as `?token=`. When this fails, or takes more than 30 s, it is called again; when the server refuses what it has just
     * brought, that is final.
     */
    token?: (() => string | Promise<string>) | undefined;
    /**
     * Whether tabs of this origin with the same URL share a connection; by default they do
     * unless there is a `token`. A string keeps them to tabs with the same string: where cookies decide what a user may read, the
     * user's id, as a login as another user is not seen here.
     */
    share?: string | boolean | undefined;
    /**
     * Where the cursor outlives a reload: `sessionStorage`. One that is full or refuses is done without.
     */
    storage?: Storage | undefined;
    /**
     * Whether cookies go to another origin.
     */
    withCredentials?: boolean | undefined;
};
/**
 * What the server says about a gap.
 */
export type SseReset = {
    topic: string;
    reason: "expired" | "unknown" | "future" | "epoch" | "deleted";
    /**
     * How many events are gone; null when nobody can know.
     */
    lost: number | null;
    /**
     * The id right before the next event.
     */
    resumeFrom: string;
};
/**
 * `detail` is the parsed data.
 */
export type SseResetEvent = MessageEvent<string> & {
    detail: SseReset;
};
/**
 * The HTTP status, where it was a poll that failed: 0 for none.
 */
export type SseErrorEvent = Event & {
    status?: number;
};
/**
 * All of an EventSource's but `url`, `withCredentials` and the constants, as `EventSource.CLOSED`.
 */
export type SseMembers = {
    /**
     * Besides an EventSource's events there are `sse.reset` and, when there will be no more, `sse.complete`.
     */
    addEventListener: {
        (type: "sse.reset", listener: (event: SseResetEvent) => void, options?: boolean | AddEventListenerOptions): void;
        (type: "error", listener: (event: SseErrorEvent) => void, options?: boolean | AddEventListenerOptions): void;
        (type: string, listener: (event: MessageEvent<string>) => void, options?: boolean | AddEventListenerOptions): void;
    };
    onopen: ((event: Event) => void) | null;
    onmessage: ((event: MessageEvent<string>) => void) | null;
    /**
     * When `readyState` is CLOSED (2), then for good.
     */
    onerror: ((event: SseErrorEvent) => void) | null;
    /**
     * As an EventSource's.
     */
    readyState: number;
    /**
     * The cursor: what this tab has got.
     */
    lastEventId: string;
    close: () => void;
};
/**
 * In this order, so that the types of its own listeners are found first.
 */
export type SseEvents = SseMembers & EventTarget;
