// Runs client.js, which comes on the standard input, in the tabs of a browser under schedules drawn at random: when tabs open, close and
// sleep, when the topic gets events, is deleted, begun anew and completed, and how long each request, message and lock takes. What the
// client needs of a browser and of the server is here in little, by a clock of its own, so that thousands of schedules take seconds
// and each can be run again by its number.
//
//   node schedules.mjs FIRST COUNT < client.js
//
// Ends with the first schedule in which a tab got something else than it should have, and writes that; else how many schedules there were.
import { text } from 'node:stream/consumers';

const [first, count] = process.argv.slice(2).map(Number);
const client = (await text(process.stdin)).replace('export function openEvents', 'function openEvents');
const [START, OLD, NEW] = ['0000-0', 'aaaaaa', 'bbbbbb'];

/** Chance, the same for the same schedule. */
let seed = 0;
const random = () => (seed = (seed * 1664525 + 1013904223) >>> 0) / 2 ** 32;
const upTo = milliseconds => random() * milliseconds;

/** The clock, and what is to come. */
let now = 0;
let events = [];
const after = (wait, run) => {
  const event = { time: now + wait, run };
  events.push(event);
  return event;
};
const nextTurn = () => new Promise(done => setImmediate(done));

/** Runs what is next, and all that follows from it at once. */
const step = async () => {
  const next = events.reduce((a, b) => b.time < a.time ? b : a);
  events.splice(events.indexOf(next), 1);
  now = next.time;
  next.run();
  for (let turn = 0; turn < 3; turn++)
    await nextTurn();
};

/** The server: one topic, its streams and what it answers to a cursor. */
let log, streams, written;
const end = () => log.epoch ? `${log.epoch}-${log.last}` : START;
const isOver = cursor => log.isComplete && cursor === end();
const change = (epoch, last = 0, isComplete = false) => {
  log = { epoch, last, isComplete };
  streams.forEach(stream => stream.push());
};
const write = epoch => {
  const next = log.epoch === epoch ? log.last + 1 : 1;
  written.push(`${epoch}-${next}`);
  change(epoch, next);
};
const framesAfter = cursor => {
  const [epoch, sequence] = (cursor || START).split('-');
  const frames = [];
  if (epoch !== log.epoch && cursor && cursor !== START) {
    const resumeFrom = log.epoch ? `${log.epoch}-0` : START;
    frames.push({ type: 'sse.reset', id: resumeFrom, data: JSON.stringify({ reason: log.epoch ? 'epoch' : 'deleted', resumeFrom }) });
  }

  for (let next = epoch === log.epoch ? Number(sequence) + 1 : 1; next <= log.last; next++)
    frames.push({ type: 'message', id: `${log.epoch}-${next}`, data: 'data' });
  return frames;
};
const cursorOf = url => new URL(url).searchParams.get('lastEventId');

/** What a poll's answer brings, cut anywhere. */
const bodyOf = (answer, signal) => new ReadableStream({
  start: body => {
    const send = rest => {
      if (signal.aborted)
        return body.error(new DOMException('The request was aborted.', 'AbortError'));
      if (!rest)
        return body.close();
      const length = 1 + Math.floor(upTo(40));
      body.enqueue(new TextEncoder().encode(rest.slice(0, length)));
      after(upTo(5), () => send(rest.slice(length)));
    };
    send(answer);
  },
});

const fetch = (url, { signal }) => new Promise((resolve, reject) => {
  signal.addEventListener('abort', () => reject(new DOMException('The request was aborted.', 'AbortError')));
  after(upTo(30), () => {
    const cursor = cursorOf(url);
    const frames = framesAfter(cursor).map(({ type, id, data }) => `event: ${type}\nid: ${id}\ndata: ${data}\n\n`);
    const answer = ['retry: 100\n\n', ...frames, frames.length || cursor ? '' : `id: ${end()}\n\n`, 'retry: 100\n'].join('');
    const status = isOver(cursor) ? 204 : 200;
    after(upTo(30), () => resolve({ status, body: status === 200 && bodyOf(answer, signal) }));
  });
});

class EventSource extends EventTarget {
  static CLOSED = 2;
  readyState = 0;
  #sent;
  #busyUntil = 0;

  constructor(url) {
    super();
    this.lastEventId = cursorOf(url);
    this.#connect();
  }

  close() {
    this.readyState = 2;
    streams.delete(this);
  }

  push() {
    for (const frame of framesAfter(this.#sent)) {
      this.#sent = frame.id;
      this.#dispatch(() => new MessageEvent(frame.type, { data: frame.data, lastEventId: this.lastEventId = frame.id }));
      if (frame.id === START)
        return this.#end();
    }

    if (log.isComplete)
      this.#end();
  }

  #connect() {
    after(upTo(30), () => {
      if (this.readyState === 2)
        return;
      if (isOver(this.lastEventId))
        return this.#dispatch(() => new Event('error'), 2);
      this.#sent = this.lastEventId;
      this.#dispatch(() => new Event('open'), 1);
      streams.add(this);
      this.push();
    });
  }

  /** The response is over, and the browser comes back. */
  #end() {
    streams.delete(this);
    this.#dispatch(() => new Event('error'), 0);
    after(this.#busyUntil - now + 50 + upTo(100), () => this.#connect());
  }

  /** The events of a connection come in their order. */
  #dispatch(event, readyState) {
    this.#busyUntil = Math.max(this.#busyUntil, now) + upTo(20);
    after(this.#busyUntil - now, () => {
      if (this.readyState === 2)
        return;
      this.readyState = readyState ?? this.readyState;
      this.dispatchEvent(event());
    });
  }
}

/** The tabs' channel: what one of them posts comes to each other in order. */
let channels;
class BroadcastChannel {
  #heardAt = 0;

  constructor() {
    channels.add(this);
  }

  postMessage(message) {
    for (const other of channels) {
      if (other === this)
        continue;
      const [data, time] = [structuredClone(message), Math.max(other.#heardAt, now) + upTo(15)];
      other.#heardAt = time;
      after(time - now, () => channels.has(other) && other.onmessage({ data }));
    }
  }

  close() {
    channels.delete(this);
  }
}

/** Their lock. */
let holder, waiting;
const grant = async () => {
  if (holder || !waiting.length)
    return;
  holder = waiting.shift();
  await holder.run();
  holder = undefined;
  after(upTo(15), grant);
};
const request = (name, { signal }, run) => new Promise((resolve, reject) => {
  const mine = { run: async () => resolve(await run()) };
  signal.addEventListener('abort', () => {
    if (holder !== mine)
      reject(new DOMException('The request was aborted.', 'AbortError'));
    waiting = waiting.filter(one => one !== mine);
  });
  after(upTo(15), () => {
    if (!signal.aborted)
      waiting.push(mine);
    grant();
  });
});

/** Opens a tab, and keeps what its page gets. */
const openTab = name => {
  const tab = { name, got: [], completed: 0, listeners: {} };
  const browser = {
    fetch, EventSource, BroadcastChannel,
    navigator: { locks: { request } },
    document: { hidden: false },
    Request: class { constructor(url) { this.url = url; } },
    Date: { now: () => now },
    Math: Object.create(Math, { random: { value: random } }),
    setTimeout: (run, wait) => after(wait, run),
    clearTimeout: timer => timer && (timer.run = () => {}),
    setInterval: () => {},
    clearInterval: () => {},
    addEventListener: (type, listener, { signal }) => tab.listeners[type] = event => signal.aborted || listener(event),
  };
  const openEvents = new Function(...Object.keys(browser), `${client}; return openEvents;`)(...Object.values(browser));
  const source = openEvents('http://host/api/events/topic?from=start');
  tab.close = source.close;
  for (const type of ['message', 'sse.reset'])
    source.addEventListener(type, event => tab.got.push(type === 'message' ? event.lastEventId : 'reset'));
  source.addEventListener('sse.complete', () => tab.completed++);
  return tab;
};

const of = (list, epoch) => list.filter(id => id.startsWith(epoch));

/** What is wrong with what a tab got; nothing for one that its page has closed. */
const faultOf = ({ got, completed, isClosed, isLate }) => {
  const last = log.epoch;
  if (isClosed)
    return;
  if (completed !== 1)
    return `was told ${completed} times that the topic is complete`;
  if (of(got, last).join() !== of(written, last).join())
    return 'got other events of the last log';
  if (isLate)
    return 'got them only when the topic was complete';
  if (last === OLD)
    return got.includes('reset') && 'was told of a gap, and there is none';
  if (of(got, OLD).join() !== of(written, OLD).slice(0, of(got, OLD).length).join())
    return 'got other events of the first log';
  const [before, between] = [got.findLastIndex(id => id.startsWith(OLD)), got.findIndex(id => id.startsWith(NEW))];
  if (before > between)
    return 'got events of the first log after the second had begun';
  return before >= 0 && !got.slice(before, between).includes('reset') && 'was not told of the gap';
};

const run = async number => {
  seed = number * 7919;
  for (let i = 0; i < 5; i++)
    random(); // the first ones are alike
  [now, events, streams, written, channels, holder, waiting] = [0, [], new Set(), [], new Set(), undefined, []];
  change(null);

  const tabs = [];
  for (let i = 2 + Math.floor(upTo(2)); i > 0; i--) {
    after(upTo(250), () => {
      const tab = openTab(i);
      tabs.push(tab);
      const happens = random();
      if (happens < 0.1)
        after(upTo(300), () => { tab.isClosed = true; tab.close(); });
      else if (happens < 0.2)
        after(upTo(300), () => tab.listeners.online());
      else if (happens < 0.3)
        after(upTo(300), () => { tab.listeners.pagehide(); after(upTo(100), tab.listeners.pageshow); });
    });
  }

  let time = upTo(250);
  const later = run => after(time += upTo(50), run);
  const writeSome = epoch => {
    for (let i = 1 + Math.floor(upTo(3)); i > 0; i--)
      later(() => write(epoch));
  };
  writeSome(OLD);
  if (random() < 0.5) {
    time += 200; // most have heard of the log by then: a place without one is the same before and after it
    later(() => change(null));
    writeSome(NEW);
  }

  after(time + 3000, () => {
    tabs.forEach(tab => tab.isLate = of(tab.got, log.epoch).length < log.last);
    change(log.epoch, log.last, true);
  });

  for (let steps = 0; steps < 5000 && events.length; steps++)
    await step();
  return tabs.map(tab => [tab, faultOf(tab)]).filter(([, fault]) => fault)
    .map(([{ name, got }, fault]) => `Schedule ${number}: tab ${name} ${fault}. It got ${got.join(', ') || 'nothing'} of ${written.join(', ')}.`);
};

for (let number = first; number < first + count; number++) {
  const faults = await run(number);
  if (faults.length) {
    console.log(faults.join('\n'));
    process.exit();
  }
}

console.log(`No fault in ${count} schedules`);
