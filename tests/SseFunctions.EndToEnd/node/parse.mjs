// Parses the event stream on standard input and writes each event as a line of JSON: [id, event, data].
import { createParser } from 'eventsource-parser';

const parser = createParser({
  onEvent: ({ id, event, data }) => process.stdout.write(JSON.stringify([id ?? '', event ?? 'message', data]) + '\n'),
  onError: error => { throw error; },
});
const decoder = new TextDecoder('utf-8', { fatal: true });
for await (const chunk of process.stdin)
  parser.feed(decoder.decode(chunk, { stream: true }));
