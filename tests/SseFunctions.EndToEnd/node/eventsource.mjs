// npm's eventsource as a process: takes commands on standard input and tells what happens on standard output, in lines of JSON.
//   {"client":1,"url":"http://...","types":["news"],"chunks":[1,5]}   opens an EventSource; chunks is optional: see chunks.mjs
//   {"client":1}                                                      closes it
//   {"client":1,"step":"request","lastEventId":"..." or null}         what it does ...
//   {"client":1,"step":"answer","request":0,"status":200}             to its first request
//   {"client":1,"step":"wait","milliseconds":50}                      before its next request
//   {"client":1,"step":"open","readyState":1}                         ... and what record.mjs sees
import { createInterface } from 'node:readline';
import { EventSource } from 'eventsource';
import { inChunks } from './chunks.mjs';
import { record } from './record.mjs';

const sources = new Map();
for await (const line of createInterface({ input: process.stdin })) {
  const { client, url, types, chunks } = JSON.parse(line);
  if (url)
    sources.set(client, open(url, types, chunks, step => process.stdout.write(JSON.stringify({ client, ...step }) + '\n')));
  else
    sources.get(client).close();
}
process.exit();

function open(url, types, chunks, tell) {
  let requests = 0;
  const source = new EventSource(url, {
    fetch: async (input, init) => {
      const request = requests++;
      tell({ step: 'request', lastEventId: init.headers['Last-Event-ID'] ?? null });
      const answer = await fetch(input, init);
      tell({ step: 'answer', request, status: answer.status });
      return chunks && answer.body
        ? new Response(ReadableStream.from(inChunks(answer.body, chunks)), { status: answer.status, headers: answer.headers })
        : answer;
    },
  });
  record(source, types, step => {
    tell(step);
    if (step.step === 'error' && source.readyState === EventSource.CONNECTING)
      tellNextTimeout(tell);
  });
  return source;
}

/** Right behind its error event it sets the timer of its next request, and nothing comes in between. */
function tellNextTimeout(tell) {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (callback, milliseconds) => {
    globalThis.setTimeout = setTimeout;
    tell({ step: 'wait', milliseconds });
    return setTimeout(callback, milliseconds);
  };
}
