// Optional: a plain EventSource gets every event as well, as long as nothing but this server answers it:
//
//   const events = new EventSource('/api/events/orders');
//   events.onmessage = event => console.log(event.lastEventId, event.data);
//
// This is an EventSource that does not give up, and that the tabs of a site share. Import it from GET client.js, or copy it:
//
//   import { openEvents } from '/api/client.js';
//   const events = openEvents('/api/events/orders', { token: () => fetch('/my-token').then(answer => answer.text()) });
//   events.onmessage = event => console.log(event.lastEventId, event.data);
//
// How it works: the live stream is the browser's EventSource, and where that reconnects by itself it is left alone. What an
// EventSource hides, a poll tells: ?mode=poll answers with a status, with all that is behind the cursor, and with the id
// where the stream is now, which an EventSource keeps to itself until an event comes. So a tab polls before it listens. Where
// something on the way holds responses back until they end, a stream does not open, be it the first or one that the browser opens
// after another: then it polls all the time, each time until something comes, and tries a stream again later.

/** Full jitter: a retry waits for a random time up to these milliseconds, doubled with each failure up to the second. */
const RETRY = 500;
const LONGEST_RETRY = 30_000;

/** The server ends each response within 230 s, and the browser then opens another: what is silent for longer is dead. */
const LONGEST_SILENCE = 240_000;

/** A stream that has not opened by then is held back by something on the way, and so are others for some time. */
const OPENING = 5_000;
const POLLING = 600_000;

/**
 * A stream's end may tell the browser to wait for this many times as long as a poll was told: the server draws from half to one
 * and a half of the usual time, and takes it five times when it is overloaded.
 */
const WAITS = 15;

/** The longest time of a timer. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** How often to look. Browsers let a background tab do so once a minute; a longer break means that the page was asleep. */
const LOOK = 15_000;
const SLEEP = 90_000;

/** A token with less time left is renewed before it is used again. */
const TOKEN_MARGIN = 30_000;

/** EventSource's states. */
const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

/**
 * @typedef {object} SseOptions
 * @property {() => string | Promise<string>} [token] Brings a token, at the start and whenever the last one has expired; it
 *   travels as `?token=`. When this fails, or takes more than 30 s, it is called again; when the server refuses what it has just
 *   brought, that is final.
 * @property {boolean | string} [share] Whether tabs of this origin with the same URL share a connection; by default they do
 *   unless there is a `token`. A string keeps them to tabs with the same string: where cookies decide what a user may read, the
 *   user's id, as a login as another user is not seen here.
 * @property {Storage} [storage] Where the cursor outlives a reload: `sessionStorage`. One that is full or refuses is done without.
 * @property {boolean} [withCredentials] Whether cookies go to another origin.
 */

/**
 * @typedef {object} SseReset What the server says about a gap.
 * @property {string} topic
 * @property {'expired' | 'unknown' | 'future' | 'epoch' | 'deleted'} reason
 * @property {number | null} lost How many events are gone; null when nobody can know.
 * @property {string} resumeFrom The id right before the next event.
 */

/** @typedef {MessageEvent<string> & { detail: SseReset }} SseResetEvent `detail` is the parsed data. */
/** @typedef {Event & { status?: number }} SseErrorEvent The HTTP status, where it was a poll that failed: 0 for none. */

/**
 * @typedef {object} SseMembers All of an EventSource's but `url`, `withCredentials` and the constants, as `EventSource.CLOSED`.
 * @property {{
 *   (type: 'sse.reset', listener: (event: SseResetEvent) => void, options?: boolean | AddEventListenerOptions): void;
 *   (type: 'error', listener: (event: SseErrorEvent) => void, options?: boolean | AddEventListenerOptions): void;
 *   (type: string, listener: (event: MessageEvent<string>) => void, options?: boolean | AddEventListenerOptions): void;
 * }} addEventListener Besides an EventSource's events there are `sse.reset` and, when there will be no more, `sse.complete`.
 * @property {((event: Event) => void) | null} onopen
 * @property {((event: MessageEvent<string>) => void) | null} onmessage
 * @property {((event: SseErrorEvent) => void) | null} onerror When `readyState` is CLOSED (2), then for good.
 * @property {number} readyState As an EventSource's.
 * @property {string} lastEventId The cursor: what this tab has got.
 * @property {() => void} close
 */

/** @typedef {SseMembers & EventTarget} SseEvents In this order, so that the types of its own listeners are found first. */

/**
 * Whether a client at the cursor has everything up to the id, for each topic. Ids are `<epoch>-<sequence in base 36>`, those of
 * several topics are joined by dots.
 * @param {string} cursor
 * @param {string} id
 */
const covers = (cursor, id) => id.split('.').map((part, i) => {
  const [epoch, sequence] = part.split('-');
  const [hadEpoch, hadSequence] = cursor.split('.')[i]?.split('-') ?? [];
  return epoch === hadEpoch && parseInt(sequence, 36) <= parseInt(hadSequence, 36);
});

/**
 * Whether two places are in the same log, for each topic. A log that is deleted and begins anew is another one, and '0000-0' is where
 * there is none yet. Of places in two logs nobody can tell which is the older.
 * @param {string} a
 * @param {string} b
 */
const sameLog = (a, b) => a.split('.').map((part, i) => part.split('-')[0] === b.split('.')[i]?.split('-')[0]);

/**
 * An id that is for each topic one of both. Connections may bring the events of several topics in different orders.
 * @param {boolean[]} which
 * @param {string} a
 * @param {string} b
 */
const mix = (which, a, b) => which.map((isA, i) => (isA ? a : b).split('.')[i]).join('.');

/** @param {number} milliseconds */
const sleep = milliseconds => new Promise(done => setTimeout(done, Math.min(milliseconds, LONGEST_WAIT)));

/** @param {string} token A JWT whose payload is plain Base64, as most are; the expiry of another is not known. */
const expiresSoon = token => {
  try {
    return JSON.parse(atob(token.split('.')[1])).exp * 1000 - Date.now() < TOKEN_MARGIN;
  } catch {
    return !token;
  }
};

/**
 * Opens a stream, to be used like an EventSource.
 * @param {string | URL} url Its `lastEventId`, if there is one, comes with a snapshot and so goes before a stored cursor.
 * @param {SseOptions} [options]
 * @returns {SseEvents}
 */
export function openEvents(url, { token: renew, share = !renew, storage, withCredentials = false } = {}) {
  // Types in here stay out of client.d.ts.
  /** @typedef {{ type: string, data: string, id: string }} Frame */
  /**
   * @typedef {object} Told What the leader tells its followers: an event, or only how things stand.
   * @property {number} leader Whose word it is.
   * @property {string[]} types The types of events that it listens for.
   * @property {number} state
   * @property {string} after Where its stream is, before the event.
   * @property {Frame} [event]
   */

  const base = new URL(new Request(url).url); // relative to what an EventSource's would be
  let cursor = base.searchParams.get('lastEventId') || '';
  base.searchParams.delete('lastEventId');
  const name = `sse ${share} ${withCredentials} ${base}`;
  try {
    cursor ||= storage?.getItem(name) || '';
  } catch {
    // It refuses: as if nothing were stored.
  }

  /** Where this tab's own stream is: the cursor, or behind it for the sake of followers. */
  let position = cursor;
  let token = '';
  let failures = 0;
  let wait = 0; // before the next request, as the last poll was told; 0 when it was told nothing
  let pollsUntil = 0; // when a stream is to be tried again
  let lastHeard = 0;
  let lastLook = 0;
  const types = ['open', 'error', 'message', 'sse.reset']; // the first three have handlers, such as onopen

  /** @type {EventSource | undefined} */
  let source;
  /** @type {BroadcastChannel | undefined} */
  let channel;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let opening; // while a stream is to open
  let wasRefused = false; // meanwhile
  /** @type {AbortController | undefined} */
  let run; // from start to stop: meanwhile this tab leads or follows
  /** @type {AbortController | undefined} */
  let attempt; // to catch up; aborted when it is over, too
  const page = new AbortController(); // until close

  let state = CONNECTING;
  let isStopped = true;
  let isLeading = false;
  let leader = 0; // whom this tab follows

  const events = /** @type {SseEvents} */ (new EventTarget());
  const listen = events.addEventListener.bind(events);
  Object.assign(events, {
    readyState: state, lastEventId: cursor,
    /** @type {SseEvents['addEventListener']} */
    addEventListener: (/** @type {string} */ type, /** @type {any} */ listener, /** @type {any} */ options) => {
      listen(type, listener, options);
      // An EventSource drops the types that nobody has asked it for, so the leader must know of this one.
      if (want([type]) && !isLeading)
        ask();
    },
    close: () => {
      events.readyState = state = CLOSED;
      page.abort();
      stop();
    },
  });
  const handlers = /** @type {any} */ (events);
  for (const type of types.slice(0, 3)) {
    handlers[`on${type}`] = null;
    listen(type, event => handlers[`on${type}`]?.(event));
  }

  // Towards the page.

  /** @param {string} type @param {object} [more] @param {string} [data] */
  const fire = (type, more, data) => {
    events.dispatchEvent(Object.assign(new MessageEvent(type, { data, lastEventId: cursor, origin: base.origin }), more));
  };

  /** @param {number} now @param {number} [status] */
  const be = (now, status) => {
    events.readyState = state = now;
    tell();
    fire(state === OPEN ? 'open' : 'error', { status });
  };

  /**
   * Takes an event, unless this tab has had it.
   * @param {Frame} frame
   * @param {string} after Where its connection was before.
   * @param {() => void} [doubt] Called instead, when nobody can tell whether this tab has had it.
   */
  const take = ({ type, data, id }, after, doubt) => {
    const reset = type === 'sse.reset' ? JSON.parse(data) : undefined;
    const before = after.split('.');
    const has = covers(cursor, id);
    // An event is one topic's: the one whose id has moved. (Number 0 is where a topic begins, and no event.) More than one has
    // moved when there were events in between that the browser drops, as nobody listens for their types.
    const moved = new Set();
    id.split('.').forEach((part, i) => {
      if (reset ? part === reset.resumeFrom : part !== before[i] && !part.endsWith('-0'))
        moved.add(has[i] &&= reset?.reason !== 'future'); // else the log is not as far as the cursor
    });
    if (doubt && type && moved.size > 1)
      return doubt();

    if (id)
      events.lastEventId = cursor = mix(has, cursor, id);
    // A reset has no id as long as another topic's gap is still to be told.
    if (!moved.has(false) && (moved.size || !reset))
      return;

    try {
      storage?.setItem(name, cursor);
    } catch {
      // It is full, or refuses: a reload goes on from what it has.
    }

    if (type)
      fire(type, reset && { detail: reset }, data);
  };

  // The connection.

  /** Ends what was under way. */
  const begin = () => {
    attempt?.abort();
    source?.close();
    settle();
    return (attempt = new AbortController()).signal;
  };

  /** The stream is open, or there is none. */
  const settle = () => {
    clearTimeout(opening);
    opening = undefined;
  };

  /** @param {number} within For a stream; else this tab polls. Unless it was refused, or the page slept, something holds it back. */
  const expect = within => {
    wasRefused = false;
    opening = setTimeout(() => {
      if (!wasRefused && Date.now() - lastLook < SLEEP)
        pollsUntil = Date.now() + POLLING;

      connect();
    }, within);
  };

  /** @param {string} [mode] */
  const address = mode => {
    const url = new URL(base);
    for (const [name, value] of Object.entries({ mode, lastEventId: position, token })) {
      if (value)
        url.searchParams.set(name, value);
    }

    return url;
  };

  /** @param {string} frame @param {string} field */
  const read = (frame, field) => `\n${frame}`.split(`\n${field}: `).slice(1).map(rest => rest.split('\n')[0]);

  /**
   * Takes what comes, as it comes.
   * @param {AbortSignal} signal
   * @param {string} mode
   * @returns {Promise<number>} The status; 0 when the answer does not say where the stream is.
   */
  const poll = async (signal, mode) => {
    const answer = await fetch(address(mode), { signal, credentials: withCredentials ? 'include' : undefined });
    if (answer.status !== 200)
      return answer.status;

    const reader = /** @type {ReadableStream} */ (answer.body).pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (let part; !(part = await reader.read()).done;) {
      const frames = (rest + part.value).split('\n\n');
      rest = frames.pop() ?? ''; // not whole yet
      for (const frame of frames) {
        const data = read(frame, 'data');
        const [type = data.length ? 'message' : ''] = read(frame, 'event');
        const [id = ''] = read(frame, 'id');
        if (!signal.aborted)
          receive({ type, data: data.join('\n'), id });
      }
    }

    wait = Number(read(rest, 'retry').at(-1)) || RETRY; // an answer ends in it
    return position ? 200 : 0;
  };

  /**
   * Polls, however often that must be tried, until this tab has all there is; then it listens.
   * @param {number} [delay] How many milliseconds to wait before.
   */
  const connect = async (delay = 0) => {
    const signal = begin();
    if (!isLeading) {
      position = cursor;
      leader = 0; // which may have told something while this page slept
    }

    wait = delay;
    for (let mode = 'poll'; ; failures++) {
      const pause = Math.max(wait, failures && Math.random() * Math.min(LONGEST_RETRY, RETRY * 2 ** failures));
      if (pause) {
        lastHeard = Infinity; // it may be for as long as the server has told it
        await sleep(pause);
        if (signal.aborted)
          return;
      }

      lastHeard = Date.now();
      wait = 0;
      let status = 0;
      const isRenewing = renew && expiresSoon(token);
      try {
        if (isRenewing)
          token = await Promise.race([renew(), new Promise((_, fail) => setTimeout(fail, LONGEST_RETRY))]);

        status = await poll(signal, mode);
      } catch {
        // No network, or no token: both pass.
      }

      if (signal.aborted)
        return;

      if (status === 204) {
        events.close();
        return fire('sse.complete');
      }

      const isPolling = Date.now() < pollsUntil;
      const isRefused = [400, 401, 403].includes(status);
      if (isRefused && (isRenewing || !renew)) {
        events.close();
        return be(CLOSED, status);
      }

      if (isRefused)
        token = '';
      else if (status !== 200)
        be(CONNECTING, status);
      else if (isLeading && (isPolling || mode !== 'poll')) {
        if (state < OPEN)
          be(OPEN);

        mode = isPolling ? 'long-poll' : 'poll'; // a stream comes after a poll, whose wait is the usual one
        failures = -1; // none
      } else if (isLeading) {
        source = new EventSource(address(), { withCredentials });
        expect(OPENING);
        return [...types, 'sse.cursor'].forEach(hearOf);
      } else {
        failures = 0;
        attempt?.abort();
        return ask();
      }
    }
  };

  /** @param {MessageEvent} event The EventSource's. One with data is the server's, whatever its type. */
  const hear = event => {
    lastHeard = Date.now();
    if (event.type !== 'error')
      settle();

    if (event.data !== undefined)
      receive({ type: event.type, data: event.data, id: event.lastEventId });
    else if (event.type === 'open') {
      failures = 0;
      be(OPEN);
    } else {
      // The browser reconnects by itself; but not from CLOSED, and with the token that it has.
      if (source?.readyState === CLOSED || renew && expiresSoon(token)) {
        failures++;
        connect();
      } else {
        lastHeard = Infinity; // it waits, for as long as the server has told it, or up to 5 s
        if (opening)
          wasRefused = true;
        else
          expect(WAITS * wait + 2 * OPENING);
      }

      be(CONNECTING); // last, as the page may close
    }
  };

  /** @param {string} type */
  const hearOf = type => source?.addEventListener(type, hear);

  /** @param {Frame} frame From the server to this tab. */
  const receive = frame => {
    if (frame.type === 'sse.cursor')
      frame.type = frame.data = ''; // the id is all that it brings

    tell(frame);
    if (cursor && sameLog(cursor, position).includes(false)) { // a leader has told this tab of another log meanwhile
      position = cursor;
      return connect();
    }

    take(frame, position);
    position = frame.id || position;
  };

  // Sharing. Of the tabs that share, the one that holds the lock leads: it has the connection and tells the others. It tells
  // with each event where its stream was before. A follower that has everything up to there goes on from there; one that has
  // not asks the leader to go back, and the others drop what they have had. One that is in another log than the leader polls, and
  // so does the leader, if its stream is open: one of the two is behind. So leaders may come and go, and each tab gets every
  // event once, in order.

  /** @param {Frame} [event] */
  const tell = event => {
    if (isLeading && position)
      channel?.postMessage({ leader, types, state, after: position, event });
  };

  /** Asks the leader to go on where this tab is, with its types; not before this tab knows where that is. */
  const ask = () => {
    leader = 0;
    if (attempt?.signal.aborted)
      channel?.postMessage({ types, cursor });
  };

  /**
   * @param {string[]} wanted
   * @returns {number} How many of them were new.
   */
  const want = wanted => wanted.filter(type => !types.includes(type)).map(type => {
    types.push(type);
    hearOf(type);
  }).length;

  /** @param {Told} told */
  const follow = told => {
    lastHeard = Date.now();
    if (sameLog(cursor, told.after).includes(false)) {
      leader = 0;
      if (attempt?.signal.aborted) // else it polls already, or is about to
        connect(Math.min(Math.max(wait, RETRY), OPENING)); // not at once, as it may be the leader's news that are still to come

      return;
    }

    if (leader !== told.leader) {
      if (covers(cursor, told.after).includes(false) || types.some(type => !told.types.includes(type)))
        return ask();

      leader = told.leader;
    }

    if (state !== told.state)
      be(told.state);

    // In doubt the leader goes back and polls, which brings the events of all types, one topic's after the other.
    if (told.event && !isStopped)
      take(told.event, told.after, ask);
  };

  const lead = () => {
    if (attempt?.signal.aborted) // else a poll is under way, and will find this tab in the lead
      connect();

    isLeading = true;
    leader = Math.random();
  };

  /** @param {boolean} [steal] Whether to take the lock from a leader that seems dead. */
  const start = steal => {
    stop();
    run = new AbortController();
    isStopped = false;
    const { signal } = run;
    timer = setInterval(look, LOOK);
    lastHeard = lastLook = Date.now(); // a page that wakes has heard nothing, but that is not its leader's fault
    connect();
    // Pages that are not secure, such as on http, have no locks: such a tab has a connection of its own.
    if (!share || !navigator.locks)
      return lead();

    channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }) => {
      if (!isLeading)
        return data.leader && follow(data);

      if (data.cursor) {
        const isSame = sameLog(data.cursor, position);
        const stays = covers(data.cursor, position).map((has, i) => has || !isSame[i]);
        if (want(data.types) || stays.includes(false) || isSame.includes(false) && source?.readyState === OPEN) {
          position = mix(stays, position, data.cursor); // the older of each
          connect();
        }

        tell();
      }
    };
    navigator.locks.request(name, steal ? { steal } : { signal }, () => signal.aborted || new Promise(release => {
      signal.onabort = release;
      lead();
    })).catch(error => {
      if (signal.aborted)
        return;

      share &&= error.name === 'AbortError'; // a tab took this one for dead; any other error is a sandbox's, where there are no locks
      start();
    });
  };

  const stop = () => {
    run?.abort();
    begin();
    channel?.close();
    clearInterval(timer);
    isLeading = false;
    isStopped = true;
  };

  // Waking.

  /** @param {Event} [event] None when it is only time to look. */
  const look = event => {
    const now = Date.now();
    const isAwaited = now - lastLook > SLEEP || event && !document.hidden && state < OPEN;
    lastLook = now;
    tell(); // that its leader lives is all that a follower of a quiet topic hears
    if (isAwaited)
      connectNow(); // the connection may be dead, whatever its readyState
    else if (now - lastHeard > LONGEST_SILENCE && !isStopped)
      start(true);
  };

  /** Connects now, however long the next retry was to wait. */
  const connectNow = () => {
    failures = 0;
    lastHeard = lastLook;
    if (!isStopped)
      connect();
  };

  const revive = () => isStopped && start();
  // In the back/forward cache, or frozen, a page hears nothing: it must not lead.
  const listeners = {
    visibilitychange: look, online: connectNow,
    pagehide: stop, freeze: stop, pageshow: revive, resume: revive,
  };
  for (const [type, listener] of Object.entries(listeners))
    addEventListener(type, listener, { capture: true, signal: page.signal }); // capture: some are the document's

  queueMicrotask(() => state === CLOSED || start()); // once the page has added its listeners
  return events;
}
