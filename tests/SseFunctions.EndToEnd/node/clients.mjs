// One of npm's event stream clients: node clients.mjs CLIENT URL. Each message that it passes to its page is a line of JSON on
// standard output: [id, data]. It reconnects by itself, as it does for a page, until standard input ends.
import { createRequire } from 'node:module';
import * as eventsource4 from 'eventsource';
import * as eventsource5 from 'eventsource5';
import { SSE } from 'sse.js';

const require = createRequire(import.meta.url);
const [client, url] = process.argv.slice(2);
process.stdin.resume().on('end', () => process.exit()); // which also keeps it running while it waits to reconnect
const pass = ({ lastEventId, id, data }) => process.stdout.write(JSON.stringify([lastEventId ?? id, data]) + '\n');

/** What sse.js needs of a browser's XMLHttpRequest. */
class FetchedRequest extends EventTarget {
  static HEADERS_RECEIVED = 2;
  static DONE = 4;
  readyState = 0;
  status = 0;
  responseText = '';
  #headers = {};
  #abort = new AbortController();

  open(method, address) { [this.method, this.address] = [method, address]; }
  setRequestHeader(name, value) { this.#headers[name] = value; }
  getAllResponseHeaders() { return [...this.answer.headers].map(([name, value]) => `${name}: ${value}`).join('\r\n'); }
  abort() { this.#abort.abort(); }

  async send() {
    try {
      this.answer = await fetch(this.address, { method: this.method, headers: this.#headers, signal: this.#abort.signal });
      [this.status, this.readyState] = [this.answer.status, FetchedRequest.HEADERS_RECEIVED];
      this.dispatchEvent(new Event('readystatechange'));
      const decoder = new TextDecoder();
      for await (const bytes of this.answer.body) {
        this.responseText += decoder.decode(bytes, { stream: true });
        this.dispatchEvent(new Event('progress'));
      }
      this.readyState = FetchedRequest.DONE;
      this.dispatchEvent(new Event('load'));
    } catch {
      this.dispatchEvent(new Event('error'));
    }
  }
}

const clients = {
  'eventsource@4': () => listen(new eventsource4.EventSource(url)),
  'eventsource@5': () => listen(new eventsource5.EventSource(url)),
  'launchdarkly-eventsource': () => listen(new (require('launchdarkly-eventsource').EventSource)(url, { initialRetryDelayMillis: 50 })),
  'reconnecting-eventsource': () => {
    globalThis.EventSource = eventsource5.EventSource;
    const { default: ReconnectingEventSource } = require('reconnecting-eventsource');
    listen(new ReconnectingEventSource(url));
  },
  'sse.js': () => {
    globalThis.XMLHttpRequest = FetchedRequest;
    listen(new SSE(url, { autoReconnect: true, useLastEventId: true, reconnectDelay: 50 }));
  },
  '@microsoft/fetch-event-source': () => {
    Object.assign(globalThis, { window: globalThis, document: { addEventListener() {}, removeEventListener() {} } });
    require('@microsoft/fetch-event-source').fetchEventSource(url, {
      openWhenHidden: true,
      onmessage: message => message.event === 'sse.cursor' || pass(message), // it passes on events of every type
      onclose: () => { throw new Error('it reconnects after an error only'); },
      onerror: () => {}, // after as long as the server says
    });
  },
};
clients[client]();

function listen(source) {
  source.addEventListener('message', pass);
  source.addEventListener('error', () => {});
}
